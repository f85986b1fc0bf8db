import type { FitViewOptions } from '@xyflow/react';

const MAX_ZOOM = 1;
const PADDING = 0.16;
/** Between cards and what lies over the canvas. */
const GAP_PX = 48;

/** What the tools on the lower edge take. */
const TOOLS_PX = 72;

/** What lies over the canvas and is not to cover a card: the first steps, while they are unfolded. */
const OVER = '.first-steps[data-folded="false"]';

/** How the whole flow is shown: in the part of the canvas that nothing lies over, beside or above, wherever it is larger. */
export function fitOptions(): Pick<FitViewOptions, 'padding' | 'maxZoom'> {
  const stage = boxOf('.canvas');
  const over = boxOf(OVER);
  const flow = boundsOf(cards());
  if (!stage || !over || !flow) return { padding: { x: PADDING, top: px(GAP_PX / 2), bottom: px(TOOLS_PX) }, maxZoom: MAX_ZOOM };
  const right = stage.right - over.left + GAP_PX / 2;
  const bottom = stage.bottom - over.top + GAP_PX / 2;
  const beside = Math.min((stage.width - right - GAP_PX) / flow.width, stage.height / flow.height);
  const above = Math.min((stage.width - 2 * GAP_PX) / flow.width, (stage.height - bottom - GAP_PX) / flow.height);
  const gap = px(GAP_PX);
  return { padding: beside >= above ? { left: gap, right: px(right), top: px(GAP_PX / 2), bottom: px(TOOLS_PX) } : { x: gap, top: gap, bottom: px(bottom) }, maxZoom: MAX_ZOOM };
}

/** Whether a card is cut off by the canvas's edge, or lies under what is over the canvas. */
export function someCardHidden(): boolean {
  const stage = boxOf('.canvas');
  const over = boxOf(OVER);
  if (!stage) return false;
  return cards().some((card) => card.right > stage.right || card.left < stage.left || (over !== undefined && meet(card, over)));
}

/** Cards farther away than a panel is wide were out of sight before, too. */
const NEAR_PX = 400;

/** Whether the flow as a whole was in sight before a panel opened. */
export function allCardsNear(): boolean {
  const stage = boxOf('.canvas');
  return stage !== undefined && cards().every((card) => card.left < stage.right + NEAR_PX && card.right > stage.left - NEAR_PX);
}

export function glideMs(): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 180;
}

export function boxOf(selector: string): DOMRect | undefined {
  return document.querySelector(selector)?.getBoundingClientRect();
}

function cards(): DOMRect[] {
  return [...document.querySelectorAll('.canvas .react-flow__node')].map((card) => card.getBoundingClientRect());
}

function meet(left: DOMRect, right: DOMRect): boolean {
  return left.left < right.right && left.right > right.left && left.top < right.bottom && left.bottom > right.top;
}

function boundsOf(boxes: readonly DOMRect[]): { width: number; height: number } | undefined {
  if (boxes.length === 0) return undefined;
  const width = Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
  const height = Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ top }) => top));
  return { width, height };
}

function px(length: number): `${number}px` {
  return `${Math.round(length)}px`;
}
