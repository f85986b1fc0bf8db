import type { FlowDocument, FlowEdge, FlowNode, Position, Viewport } from '../flow/document';
import type { Known, Shape } from './types';

/** The page writes the document's types down by itself, read-only; these lines fail to compile where they part from the host's. */
type Same<Ours, Theirs> = keyof Ours extends keyof Theirs ? (keyof Theirs extends keyof Ours ? true : never) : never;
type Fits<Ours, Theirs> = { -readonly [K in keyof Ours]: Ours[K] } extends Theirs ? true : never;

type Node = Known<Shape<'FlowNode'>>;
type Flow = Known<Shape<'Flow'>>;

export type Agreement = [
  Same<FlowNode, Node>,
  Same<FlowDocument, Flow>,
  Fits<Omit<FlowNode, 'inputs' | 'position'>, Omit<Node, 'inputs' | 'position'>>,
  Fits<Position, Shape<'Position'>>,
  Fits<Omit<FlowDocument, 'nodes' | 'edges' | 'viewport'>, Omit<Flow, 'nodes' | 'edges' | 'viewport'>>,
  Fits<FlowEdge, Shape<'Edge'>>,
  Fits<Viewport, Shape<'Viewport'>>,
];
export const AGREED: Agreement = [true, true, true, true, true, true, true];
