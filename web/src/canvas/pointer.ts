import type { PointerEvent } from 'react';

interface Point {
  x: number;
  y: number;
}

let last: Point | undefined;

/** Where the pointer is over the canvas: there the next node is added or pasted. */
export const pointer = {
  at: (): Point | undefined => last,
  note: (event: PointerEvent): void => {
    last = { x: event.clientX, y: event.clientY };
  },
  forget: (): void => {
    last = undefined;
  },
};
