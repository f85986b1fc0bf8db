import { useLayoutEffect, useRef, type ReactNode } from 'react';
import './popover.css';

/** Where a popover opens: a point of the window, or beside an element. */
export type Anchor = { x: number; y: number } | Element;

interface PopoverProps {
  anchor: Anchor;
  /** `back` tells that the focus should go back to where it came from. */
  onClose: (back: boolean) => void;
  children: ReactNode;
  label: string;
  width?: number;
  role?: 'dialog' | 'menu' | 'listbox';
}

const EDGE = 8;

/** A light box in the top layer. It closes on Escape, on a press outside, and when the focus leaves. */
export function Popover({ anchor, onClose, children, label, width, role = 'dialog' }: PopoverProps) {
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const cameFrom = document.activeElement;
    element.showPopover?.();
    element.querySelector<HTMLElement>('[data-autofocus]')?.focus({ preventScroll: true });
    place(element, anchor);
    const watch = new ResizeObserver(() => place(element, anchor));
    watch.observe(element);
    const onPress = (event: Event) => {
      if (event.target instanceof Node && !element.contains(event.target)) close.current(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      close.current(true);
    };
    document.addEventListener('pointerdown', onPress, true);
    document.addEventListener('keydown', onKey, true);
    return () => {
      watch.disconnect();
      document.removeEventListener('pointerdown', onPress, true);
      document.removeEventListener('keydown', onKey, true);
      if (element.contains(document.activeElement) && cameFrom instanceof HTMLElement) cameFrom.focus({ preventScroll: true });
    };
  }, [anchor]);

  return (
    <div ref={box} popover="manual" className="popover" role={role} aria-label={label} style={width === undefined ? {} : { width }}>
      {children}
    </div>
  );
}

function place(element: HTMLElement, anchor: Anchor): void {
  const { offsetWidth, offsetHeight } = element;
  const at = anchor instanceof Element ? anchor.getBoundingClientRect() : undefined;
  const wanted = at ? { x: at.left, y: at.bottom + 4 } : (anchor as { x: number; y: number });
  const above = at ? at.top - 4 - offsetHeight : wanted.y - offsetHeight;
  const fitsBelow = wanted.y + offsetHeight <= window.innerHeight - EDGE;
  const x = Math.max(EDGE, Math.min(wanted.x, window.innerWidth - offsetWidth - EDGE));
  const y = fitsBelow ? wanted.y : above >= EDGE ? above : Math.max(EDGE, window.innerHeight - offsetHeight - EDGE);
  element.style.left = `${x}px`;
  element.style.top = `${y}px`;
}
