const FRAMES_MAX = 20;

/** Gives a card the focus. A new one can't take it before React Flow has measured it. */
export function focusNode(id: string, frames = FRAMES_MAX): void {
  requestAnimationFrame(() => {
    const card = document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
    card?.focus({ preventScroll: true });
    if (document.activeElement !== card && frames > 0) focusNode(id, frames - 1);
  });
}
