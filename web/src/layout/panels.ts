import { NARROW, type Page } from '../page';

/** Narrower than this, palette, chat and inspector together leave too little of the canvas. */
const ROOMY_PX = 1440;

/** Opens or closes the chat. Where there is little room the palette makes way for it, and comes back. */
export function toggleChat(view: Page['view']): void {
  const { chat, palette, paletteMadeWay } = view.getState();
  if (chat) view.setState({ chat: false, paletteMadeWay: false, palette: palette || (paletteMadeWay && !matchMedia(NARROW).matches) });
  else if (palette && innerWidth < ROOMY_PX) view.setState({ chat: true, palette: false, paletteMadeWay: true });
  else view.setState({ chat: true });
}

/** Where panels lie over the canvas, the palette closes by itself. */
export function followWidth(view: Page['view']): () => void {
  const narrow = matchMedia(NARROW);
  const onChange = () => {
    if (narrow.matches) view.setState({ palette: false });
  };
  narrow.addEventListener('change', onChange);
  return () => narrow.removeEventListener('change', onChange);
}
