import { NARROW, ROOMY_PX, SMALL, type Page } from '../page';

/** Opens or closes the chat. Where there is little room the palette makes way for it, and comes back. */
export function toggleChat(view: Page['view']): void {
  const { chat, palette, paletteMadeWay } = view.getState();
  // Where each takes the whole room, one makes way for the other.
  if (matchMedia(SMALL).matches) view.setState({ inspector: chat });
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
