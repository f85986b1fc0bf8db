import '@xyflow/react/dist/base.css';
import {
  Background,
  BackgroundVariant,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  type Connection,
  type EdgeChange,
  type IsValidConnection,
  type NodeChange,
  type OnConnectEnd,
  type OnConnectStart,
} from '@xyflow/react';
import { useCallback, useMemo, useRef, useState, type DragEvent, type MouseEvent } from 'react';
import { createEdgeView, createNodeView, type CardNode, type Seen, type WireEdge } from '../flow/reactFlow';
import { edgeId, type FlowEdge } from '../flow/document';
import { candidates, canConnect, edgeBetween } from '../manifest/ports';
import { useCatalog, useCommands, useFlow, usePage } from '../page';
import { say } from '../ui/toasts';
import { addNode, GRID } from './addNode';
import { CanvasTools } from './CanvasTools';
import { Card } from './Card';
import { beginConnecting, connecting, endConnecting } from './connecting';
import { ConnectionLine } from './ConnectionLine';
import { EmptyCanvas } from './EmptyCanvas';
import { DRAG_TYPE } from './Palette';
import { pointer } from './pointer';
import { useClipboard } from './useClipboard';
import { useKeys } from './useKeys';
import { useOpenedFlow } from './useOpenedFlow';
import { useReveal } from './useReveal';
import { Wire } from './Wire';
import './canvas.css';

const NODE_TYPES = { card: Card };
const EDGE_TYPES = { wire: Wire };
const ADD_TO_SELECTION = ['Shift', 'Control', 'Meta'];
const SNAP: [number, number] = [GRID, GRID];
const NOTHING_SEEN: Seen = { measured: new Map(), dragging: new Set() };

export function Canvas() {
  const catalog = useCatalog();
  const commands = useCommands();
  const { flow, view } = usePage();
  const { screenToFlowPosition } = useReactFlow();
  const [seen, setSeen] = useState(NOTHING_SEEN);
  const doc = useFlow((state) => state.doc);
  const selectedNodes = useFlow((state) => state.selectedNodes);
  const selectedEdges = useFlow((state) => state.selectedEdges);
  const nodeView = useRef(createNodeView());
  const edgeView = useRef(createEdgeView());
  const labelOf = useCallback((type: string) => catalog.node(type)?.title ?? type, [catalog]);
  const nodes = useMemo(() => nodeView.current(doc.nodes, selectedNodes, seen, labelOf), [doc.nodes, selectedNodes, seen, labelOf]);
  const edges = useMemo(() => {
    const names = new Map(doc.nodes.map(({ id, name, type }) => [id, name ?? labelOf(type)]));
    return edgeView.current(doc.edges, selectedEdges, (node) => names.get(node) ?? node);
  }, [doc.edges, doc.nodes, selectedEdges, labelOf]);

  useKeys(seen.measured);
  useClipboard();
  useOpenedFlow();
  useReveal();

  const onNodesChange = useCallback(
    (changes: NodeChange<CardNode>[]) => {
      setSeen((before) => seenAfter(before, changes));
      const moved = changes.flatMap((change) => (change.type === 'position' && change.position ? [change] : []));
      if (moved.length > 0) {
        const positions = new Map(moved.map(({ id, position }) => [id, position ?? { x: 0, y: 0 }]));
        commands.moveNodes(positions, { dragging: moved.some(({ dragging }) => dragging === true) });
      } else {
        // The end of a drag may come without a position.
        const ended = changes.some((change) => change.type === 'position' && change.dragging === false);
        if (ended) commands.endMove();
      }
      const selected = selectionAfter(flow.getState().selectedNodes, changes);
      if (selected) commands.select(selected, flow.getState().selectedEdges);
    },
    [commands, flow],
  );

  const onEdgesChange = useCallback(
    (changes: EdgeChange<WireEdge>[]) => {
      const selected = selectionAfter(flow.getState().selectedEdges, changes);
      if (selected) commands.select(flow.getState().selectedNodes, selected);
    },
    [commands, flow],
  );

  const isValidConnection = useCallback<IsValidConnection<WireEdge>>(
    (connection) => canConnect(catalog, flow.getState().doc, edgeOf(connection), connecting.getState().replacing).ok,
    [catalog, flow],
  );

  const onConnectStart = useCallback<OnConnectStart>(
    (_, { nodeId, handleId, handleType }) => {
      if (nodeId === null || handleId === null || handleType === null) return;
      const { replacing } = connecting.getState();
      beginConnecting(catalog, flow.getState().doc, { node: nodeId, port: handleId, side: handleType }, replacing);
    },
    [catalog, flow],
  );

  const onConnectEnd = useCallback<OnConnectEnd>(
    (event, { isValid, toHandle }) => {
      const { from, replacing } = connecting.getState();
      endConnecting();
      if (!from || isValid === true) return;
      const at = pointOf(event);
      if (toHandle) {
        const verdict = canConnect(catalog, flow.getState().doc, edgeBetween(from, { node: toHandle.nodeId, port: toHandle.id ?? '' }), replacing);
        if (toHandle.type !== from.side && !verdict.ok) say(verdict.reason);
        return;
      }
      const under = document.elementFromPoint(at.x, at.y);
      const card = under?.closest<HTMLElement>('.react-flow__node')?.dataset['id'];
      if (card !== undefined) {
        const onCard = candidates(catalog, flow.getState().doc, from).filter(({ node }) => node.id === card);
        const [best] = onCard;
        if (best?.verdict.ok) commands.connect(best.edge, replacing);
        else if (best && !best.verdict.ok && card !== from.node) say(best.verdict.reason);
      } else if (replacing) {
        // An end that is let go over empty canvas takes the connection away.
        commands.remove([], [edgeId(replacing)]);
      } else if (under?.closest('.react-flow__pane')) {
        view.setState({ picker: { kind: 'add', at, position: screenToFlowPosition(at), from } });
      }
    },
    [catalog, commands, flow, screenToFlowPosition, view],
  );

  const onDrop = (event: DragEvent) => {
    const declaration = catalog.node(event.dataTransfer.getData(DRAG_TYPE));
    if (!declaration) return;
    event.preventDefault();
    addNode(flow, catalog, declaration, screenToFlowPosition({ x: event.clientX, y: event.clientY }));
  };

  const addAt = (at: { x: number; y: number }) =>
    view.setState({ picker: { kind: 'add', at, position: screenToFlowPosition(at) } });

  const onDoubleClick = (event: MouseEvent) => {
    if (!(event.target instanceof Element) || !event.target.classList.contains('react-flow__pane')) return;
    addAt({ x: event.clientX, y: event.clientY });
  };

  return (
    <div className="canvas" onDoubleClick={onDoubleClick} onPointerMove={pointer.note} onPointerLeave={pointer.forget}>
      <ReactFlow<CardNode, WireEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={(connection) => commands.connect(edgeOf(connection))}
        onConnectStart={onConnectStart}
        onConnectEnd={onConnectEnd}
        onReconnect={(edge, connection) => commands.connect(edgeOf(connection), edge.data?.edge)}
        onReconnectStart={(_, edge) => connecting.setState({ replacing: edge.data?.edge })}
        isValidConnection={isValidConnection}
        connectionLineComponent={ConnectionLine}
        connectionRadius={28}
        onMoveEnd={(_, viewport) => commands.setViewport(viewport)}
        onNodeDoubleClick={() => view.setState({ inspector: true })}
        onNodeContextMenu={(event, node) => {
          event.preventDefault();
          view.setState({ menu: { node: node.id, anchor: { x: event.clientX, y: event.clientY } } });
        }}
        onPaneContextMenu={(event) => {
          event.preventDefault();
          addAt({ x: event.clientX, y: event.clientY });
        }}
        onDrop={onDrop}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
          event.preventDefault();
          event.dataTransfer.dropEffect = 'copy';
        }}
        snapToGrid
        snapGrid={SNAP}
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={ADD_TO_SELECTION}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        panOnScroll
        minZoom={0.2}
        maxZoom={2}
        nodeDragThreshold={2}
        elevateNodesOnSelect
        colorMode="system"
        ariaLabelConfig={ARIA_LABELS}
      >
        <Background variant={BackgroundVariant.Dots} gap={GRID * 3} size={1.25} />
        <CanvasTools measured={seen.measured} />
      </ReactFlow>
      {doc.nodes.length === 0 && <EmptyCanvas />}
    </div>
  );
}

/** React Flow takes the text that it calls `keyboardDisabled` where the keyboard moves cards, as it does here. */
const ARIA_LABELS = {
  'node.a11yDescription.keyboardDisabled': 'Press Enter or Space to select, then the arrows to move, L to connect, F2 to rename, Delete to remove.',
  'edge.a11yDescription.default': 'Press Enter or Space to select the connection, Delete to remove it.',
};

function edgeOf({ source, sourceHandle, target, targetHandle }: Connection | WireEdge): FlowEdge {
  return { source, sourceHandle: sourceHandle ?? '', target, targetHandle: targetHandle ?? '' };
}

function pointOf(event: globalThis.MouseEvent | TouchEvent): { x: number; y: number } {
  const at = 'changedTouches' in event ? event.changedTouches[0] : event;
  return { x: at?.clientX ?? 0, y: at?.clientY ?? 0 };
}

/** Sizes and drags as React Flow reports them; the same object when nothing of it changed. */
function seenAfter(before: Seen, changes: NodeChange<CardNode>[]): Seen {
  let { measured, dragging } = before;
  for (const change of changes) {
    if (change.type === 'dimensions' && change.dimensions) {
      measured = new Map(measured).set(change.id, change.dimensions);
    } else if (change.type === 'position' && (change.dragging ?? false) !== dragging.has(change.id)) {
      const next = new Set(dragging);
      if (change.dragging) next.add(change.id);
      else next.delete(change.id);
      dragging = next;
    }
  }
  return measured === before.measured && dragging === before.dragging ? before : { measured, dragging };
}

function selectionAfter(selected: ReadonlySet<string>, changes: (NodeChange<CardNode> | EdgeChange<WireEdge>)[]): Set<string> | undefined {
  let next: Set<string> | undefined;
  for (const change of changes) {
    if (change.type !== 'select') continue;
    next ??= new Set(selected);
    if (change.selected) next.add(change.id);
    else next.delete(change.id);
  }
  return next;
}
