import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  EMPTY_FLOW,
  edgeId,
  freeId,
  sameEdge,
  type FlowDocument,
  type FlowEdge,
  type FlowNode,
  type Inputs,
  type Position,
  type Viewport,
} from './document';
import { NO_HISTORY, record, redo, undo, type History } from './history';
import { withNewIds, type Fragment } from './clipboard';

/** What a change was, so that the history can tell one act of the person from the next. */
export interface Change {
  label: string;
  /** Changes that share a key within a moment are one act, such as letters typed into one field. */
  key?: string;
  /** The act goes on: the pointer is still down. */
  open?: boolean;
}

export interface FlowState {
  /** The id under which the host keeps the flow; absent before the first save. */
  id: string | undefined;
  doc: FlowDocument;
  selectedNodes: ReadonlySet<string>;
  selectedEdges: ReadonlySet<string>;
  /** Kept outside the history: looking around is not a change. */
  viewport: Viewport | undefined;
  history: History;
  /** Grows with every change of the document; the autosave compares it. */
  revision: number;
}

export type FlowStore = StoreApi<FlowState> & { commands: FlowCommands };

/** Every change of the flow goes through one of these. */
export interface FlowCommands {
  open: (id: string | undefined, doc: FlowDocument) => void;
  addNode: (node: NewNode, edge?: (id: string) => FlowEdge) => string;
  moveNodes: (positions: ReadonlyMap<string, Position>, how: { dragging: boolean }) => void;
  /** Ends the act of moving, so that the next move is undone by itself. */
  endMove: () => void;
  renameFlow: (name: string) => void;
  renameNode: (id: string, name: string) => void;
  setInput: (id: string, name: string, value: unknown) => void;
  setCredential: (id: string, credential: string | undefined) => void;
  connect: (edge: FlowEdge, replacing?: FlowEdge) => void;
  remove: (nodes: Iterable<string>, edges: Iterable<string>) => void;
  removeSelected: () => void;
  paste: (fragment: Fragment, at: Position | undefined) => void;
  arrange: (positions: ReadonlyMap<string, Position>) => void;
  select: (nodes: Iterable<string>, edges?: Iterable<string>) => void;
  selectAll: () => void;
  setViewport: (viewport: Viewport) => void;
  undo: () => void;
  redo: () => void;
}

export interface NewNode {
  type: string;
  version: number;
  position: Position;
  inputs?: Inputs;
}

const NOTHING: ReadonlySet<string> = new Set();

export function createFlowStore(now: () => number = () => performance.now()): FlowStore {
  const store = createStore<FlowState>(() => ({
    id: undefined,
    doc: EMPTY_FLOW,
    selectedNodes: NOTHING,
    selectedEdges: NOTHING,
    viewport: undefined,
    history: NO_HISTORY,
    revision: 0,
  }));

  /** The one place where the document changes and the history grows. */
  const change = (what: Change, next: (doc: FlowDocument) => FlowDocument, also?: Partial<FlowState>) => {
    store.setState((state) => {
      const doc = next(state.doc);
      if (doc === state.doc) return also ?? {};
      const history = record(state.history, state.doc, what, now());
      return { doc, history, revision: state.revision + 1, ...also };
    });
  };

  const changeNode = (what: Change, id: string, next: (node: FlowNode) => FlowNode) =>
    change(what, (doc) => withNodes(doc, (node) => (node.id === id ? next(node) : node)));

  const travel = (step: typeof undo) =>
    store.setState((state) => {
      const moved = step(state.history, state.doc);
      if (!moved) return {};
      const nodes = new Set(moved.doc.nodes.map((node) => node.id));
      const edges = new Set(moved.doc.edges.map(edgeId));
      return {
        ...moved,
        revision: state.revision + 1,
        selectedNodes: keep(state.selectedNodes, nodes),
        selectedEdges: keep(state.selectedEdges, edges),
      };
    });

  const commands: FlowCommands = {
    open: (id, doc) =>
      store.setState({
        id,
        doc,
        selectedNodes: NOTHING,
        selectedEdges: NOTHING,
        viewport: doc.viewport,
        history: NO_HISTORY,
        revision: 0,
      }),

    addNode: (node, edge) => {
      const { doc } = store.getState();
      const id = freeId(node.type, new Set(doc.nodes.map((other) => other.id)));
      const added: FlowNode = { id, ...node, inputs: node.inputs ?? {}, position: rounded(node.position) };
      change(
        { label: 'Add node' },
        (before) => ({
          ...before,
          nodes: [...before.nodes, added],
          edges: edge ? [...before.edges, edge(id)] : before.edges,
        }),
        { selectedNodes: new Set([id]), selectedEdges: NOTHING },
      );
      return id;
    },

    moveNodes: (positions, { dragging }) => {
      const key = `move ${[...positions.keys()].sort().join(' ')}`;
      change({ label: 'Move', key, open: dragging }, (doc) => movedTo(doc, positions));
    },

    endMove: () => store.setState(({ history }) => ({ history: { ...history, growing: undefined } })),

    renameFlow: (name) =>
      change({ label: 'Rename flow', key: 'name' }, (doc) => (doc.name === name ? doc : { ...doc, name })),

    renameNode: (id, name) =>
      changeNode({ label: 'Rename node' }, id, (node) => {
        const next = name.trim();
        if (next === (node.name ?? '')) return node;
        const { name: _, ...rest } = node;
        return next === '' ? rest : { ...rest, name: next };
      }),

    setInput: (id, name, value) =>
      changeNode({ label: 'Change setting', key: `input ${id} ${name}` }, id, (node) => {
        if (Object.is(node.inputs[name], value)) return node;
        const { [name]: _, ...rest } = node.inputs;
        return { ...node, inputs: value === undefined ? rest : { ...node.inputs, [name]: value } };
      }),

    setCredential: (id, credential) =>
      changeNode({ label: 'Choose credential' }, id, (node) => {
        if (node.credential === credential) return node;
        const { credential: _, ...rest } = node;
        return credential === undefined ? rest : { ...rest, credential };
      }),

    connect: (edge, replacing) =>
      change({ label: 'Connect' }, (doc) => {
        const edges = replacing ? doc.edges.filter((other) => !sameEdge(other, replacing)) : doc.edges;
        if (edges.some((other) => sameEdge(other, edge))) return doc;
        return { ...doc, edges: [...edges, edge] };
      }),

    remove: (nodes, edges) => {
      const goneNodes = new Set(nodes);
      const goneEdges = new Set(edges);
      if (goneNodes.size + goneEdges.size === 0) return;
      const { selectedNodes, selectedEdges } = store.getState();
      change({ label: 'Delete' }, (doc) => without(doc, goneNodes, goneEdges), {
        selectedNodes: difference(selectedNodes, goneNodes),
        selectedEdges: difference(selectedEdges, goneEdges),
      });
    },

    removeSelected: () => {
      const { selectedNodes, selectedEdges } = store.getState();
      commands.remove(selectedNodes, selectedEdges);
    },

    paste: (fragment, at) => {
      const { doc } = store.getState();
      const { nodes, edges } = withNewIds(fragment, doc.nodes, at);
      if (nodes.length === 0) return;
      change(
        { label: 'Paste' },
        (before) => ({ ...before, nodes: [...before.nodes, ...nodes], edges: [...before.edges, ...edges] }),
        { selectedNodes: new Set(nodes.map((node) => node.id)), selectedEdges: NOTHING },
      );
    },

    arrange: (positions) => change({ label: 'Tidy' }, (doc) => movedTo(doc, positions)),

    select: (nodes, edges = []) => {
      const { selectedNodes, selectedEdges } = store.getState();
      const nextNodes = new Set(nodes);
      const nextEdges = new Set(edges);
      if (same(selectedNodes, nextNodes) && same(selectedEdges, nextEdges)) return;
      store.setState({ selectedNodes: nextNodes, selectedEdges: nextEdges });
    },

    selectAll: () => {
      const { doc } = store.getState();
      commands.select(doc.nodes.map((node) => node.id), doc.edges.map(edgeId));
    },

    setViewport: (viewport) => store.setState({ viewport }),
    undo: () => travel(undo),
    redo: () => travel(redo),
  };

  return Object.assign(store, { commands });
}

/** The document as it is saved: with the part of the canvas that is shown. */
export function savedForm({ doc, viewport }: Pick<FlowState, 'doc' | 'viewport'>): FlowDocument {
  if (!viewport) return doc;
  const { x, y, zoom } = viewport;
  return { ...doc, viewport: { x: Math.round(x), y: Math.round(y), zoom: Math.round(zoom * 1000) / 1000 } };
}

function withNodes(doc: FlowDocument, next: (node: FlowNode) => FlowNode): FlowDocument {
  let changed = false;
  const nodes = doc.nodes.map((node) => {
    const after = next(node);
    changed ||= after !== node;
    return after;
  });
  return changed ? { ...doc, nodes } : doc;
}

function movedTo(doc: FlowDocument, positions: ReadonlyMap<string, Position>): FlowDocument {
  return withNodes(doc, (node) => {
    const to = positions.get(node.id);
    if (!to) return node;
    const position = rounded(to);
    return position.x === node.position.x && position.y === node.position.y ? node : { ...node, position };
  });
}

function without(doc: FlowDocument, nodes: ReadonlySet<string>, edges: ReadonlySet<string>): FlowDocument {
  const keptNodes = doc.nodes.filter((node) => !nodes.has(node.id));
  const keptEdges = doc.edges.filter(
    (edge) => !edges.has(edgeId(edge)) && !nodes.has(edge.source) && !nodes.has(edge.target),
  );
  if (keptNodes.length === doc.nodes.length && keptEdges.length === doc.edges.length) return doc;
  return { ...doc, nodes: keptNodes, edges: keptEdges };
}

function rounded({ x, y }: Position): Position {
  return { x: Math.round(x), y: Math.round(y) };
}

function keep(set: ReadonlySet<string>, allowed: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...set].filter((item) => allowed.has(item)));
}

function difference(set: ReadonlySet<string>, gone: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...set].filter((item) => !gone.has(item)));
}

function same(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((item) => right.has(item));
}
