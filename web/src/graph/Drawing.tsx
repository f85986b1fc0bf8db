import { Handle, Position, ReactFlow, ReactFlowProvider, useNodesInitialized, useReactFlow, useStore, type Edge, type EdgeProps, type Node, type NodeProps } from '@xyflow/react';
import { memo, useEffect, useMemo, useRef } from 'react';
import type { Fact, Relation } from '../api/graph';
import { IconButton } from '../ui/Button';
import { count } from '../run/words';
import { arranged, type Point } from './layout';
import type { GraphStore } from './store';
import { useGraphState } from './useGraph';

/** More than this can't be told apart. */
const MOST_DRAWN = 250;
/** With so few relations all are labelled; else those of the fact that is looked at. */
const LABELLED = 24;

type DotNode = Node<{ fact: Fact; degree: number; tone: Tone; whole: boolean }, 'dot'>;
type Tone = 'selected' | 'near' | 'found' | 'plain' | 'dim';
type RelationEdge = Edge<{ labels: string; bend: number; from: number; to: number; tone: 'near' | 'plain' | 'dim'; shown: boolean }, 'relation'>;

/** As large as a finger needs; lines meet in its middle. */
const DOT_PX = 28;
const BOX = {
  origin: [0.5, 0.5] as [number, number],
  width: DOT_PX,
  height: DOT_PX,
  measured: { width: DOT_PX, height: DOT_PX },
};

const NODE_TYPES = { dot: memo(Dot) };
const EDGE_TYPES = { relation: memo(Line) };
const FIT = { padding: 0.18, maxZoom: 1.2 };
/** Smaller than this nobody can read it; then a part is shown. */
const READABLE = 0.6;

/** The facts as dots, the relations as arrows between them. The list shows the same to those who can't see it. */
export function Drawing({ graph }: { graph: GraphStore }) {
  return (
    <ReactFlowProvider>
      <Drawn graph={graph} />
    </ReactFlowProvider>
  );
}

function Drawn({ graph }: { graph: GraphStore }) {
  const facts = useGraphState(graph, (state) => state.facts);
  const relations = useGraphState(graph, (state) => state.relations);
  const explored = useGraphState(graph, (state) => state.explored);
  const selected = useGraphState(graph, (state) => state.selected);
  const found = useGraphState(graph, (state) => state.found);
  const places = useRef<Map<string, Point>>(new Map());
  const { fitView, zoomIn, zoomOut } = useReactFlow();
  const ready = useNodesInitialized();
  const room = useStore(({ width, height }) => `${width} ${height}`);

  const drawn = useMemo(() => drawnFacts(facts, relations, selected), [facts, relations, selected]);
  const merged = useMemo(() => mergedRelations(relations, new Set(drawn.map(({ id }) => id))), [relations, drawn]);
  const placed = useMemo(() => {
    places.current = arranged(drawn.map(({ id }) => id), merged, places.current);
    return places.current;
  }, [drawn, merged]);
  const hits = useMemo(() => found && new Set(found.hits.map(({ node }) => node.id)), [found]);

  const nodes = useMemo(() => {
    const near = new Set(merged.flatMap(({ source, target }) => (source === selected ? [target] : target === selected ? [source] : [])));
    const toneOf = (id: string): Tone => {
      if (id === selected) return 'selected';
      if (hits) return hits.has(id) ? 'found' : 'dim';
      return selected === undefined ? 'plain' : near.has(id) ? 'near' : 'dim';
    };
    const degrees = degreesOf(merged);
    return drawn.map((fact): DotNode => {
      const data = { fact, degree: degrees.get(fact.id) ?? 0, tone: toneOf(fact.id), whole: explored.has(fact.id) };
      return { id: fact.id, type: 'dot', position: placed.get(fact.id) ?? { x: 0, y: 0 }, data, ...BOX };
    });
  }, [drawn, merged, placed, hits, selected, explored]);

  const edges = useMemo(() => {
    const degrees = degreesOf(merged);
    return merged.map(({ id, source, target, labels, bend }): RelationEdge => {
      const own = source === selected || target === selected;
      const tone = own ? 'near' : selected !== undefined || hits ? 'dim' : 'plain';
      const data = { labels, bend, from: radiusOf(degrees.get(source) ?? 0), to: radiusOf(degrees.get(target) ?? 0), tone, shown: own || (tone === 'plain' && merged.length <= LABELLED) } as const;
      return { id, type: 'relation', source, target, data, zIndex: own ? 1 : 0 };
    });
  }, [merged, selected, hits]);

  // The whole is shown as it grows; what is found, or opened with what is near it, comes into sight.
  const size = nodes.length;
  useEffect(() => {
    if (!ready) return;
    const few = hits && hits.size > 0 ? [...hits].map((id) => ({ id })) : selected === undefined ? undefined : neighbourhoodOf(selected, merged);
    void fitView({ ...FIT, minZoom: READABLE, ...(few && { nodes: few }) });
  }, [ready, size, room, selected, hits, merged, fitView]);

  return (
    <div className="graph-drawing" role="group" aria-label={`Drawing of ${count(drawn.length, 'fact')} and ${count(relations.size, 'relation')}. The list has the same.`}>
      <ReactFlow<DotNode, RelationEdge>
        id="facts"
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        onNodeClick={(_, { id }) => graph.select(id)}
        onPaneClick={() => graph.select(undefined)}
        deleteKeyCode={null}
        disableKeyboardA11y
        minZoom={0.1}
        maxZoom={2}
        colorMode="system"
      />
      <div className="graph-zoom">
        <IconButton icon="zoomOut" label="Zoom the graph out" onClick={() => void zoomOut()} />
        <IconButton icon="zoomIn" label="Zoom the graph in" onClick={() => void zoomIn()} />
        <IconButton icon="fit" label="Show the whole graph" onClick={() => void fitView(FIT)} />
      </div>
      {drawn.length < facts.size && <p className="graph-more">{`${drawn.length} of ${facts.size} that are read are drawn`}</p>}
    </div>
  );
}

function Dot({ data: { fact, degree, tone, whole } }: NodeProps<DotNode>) {
  const size = 2 * radiusOf(degree);
  return (
    <div className="dot" data-tone={tone} data-whole={whole} title={fact.content === '' ? fact.id : `${fact.id}: ${fact.content.slice(0, 300)}`}>
      <span className="dot-mark" style={{ width: size, height: size }} />
      <span className="dot-label">{fact.id}</span>
      <Handle type="source" position={Position.Top} isConnectable={false} />
      <Handle type="target" position={Position.Top} isConnectable={false} />
    </div>
  );
}

/** From the edge of one dot to the edge of the other, bent a little, so that the way back is another line. */
function Line({ sourceX: x1, sourceY: y1, targetX: x2, targetY: y2, data }: EdgeProps<RelationEdge>) {
  if (!data) return null;
  const { labels, bend, from, to, tone, shown } = data;
  const [x, y] = [x2 - x1, y2 - y1];
  const length = Math.hypot(x, y);
  const [ux, uy] = length === 0 ? [0, -1] : [x / length, y / length];
  const middle = length === 0 ? { x: x1, y: y1 - 72 } : { x: (x1 + x2) / 2 - uy * bend, y: (y1 + y2) / 2 + ux * bend };
  const begin = pointTowards({ x: x1, y: y1 }, length === 0 ? { x: x1 - 40, y: y1 - 40 } : middle, from);
  const end = pointTowards({ x: x2, y: y2 }, length === 0 ? { x: x1 + 40, y: y1 - 40 } : middle, to + 4);
  const path = length === 0 ? `M${begin.x},${begin.y} C${x1 - 48},${y1 - 64} ${x1 + 48},${y1 - 64} ${end.x},${end.y}` : `M${begin.x},${begin.y} Q${middle.x},${middle.y} ${end.x},${end.y}`;
  const into = { x: end.x - (length === 0 ? x1 + 48 : middle.x), y: end.y - (length === 0 ? y1 - 64 : middle.y) };
  const turn = (Math.atan2(into.y, into.x) * 180) / Math.PI;
  const at = length === 0 ? { x: x1, y: y1 - 56 } : along(begin, middle, end, bend === 0 ? 0.5 : NEARER);
  return (
    <g className="relation" data-tone={tone}>
      <path className="relation-line" d={path} />
      <path className="relation-tip" d="M0,0 L-7,-3.5 L-7,3.5 Z" transform={`translate(${end.x},${end.y}) rotate(${turn})`} />
      {shown && (
        <text className="relation-label" x={at.x} y={at.y} dy="0.32em" textAnchor="middle">
          {labels}
        </text>
      )}
    </g>
  );
}

/** Labels of two ways between the same facts stand nearer to where each begins. */
const NEARER = 0.34;

function along(begin: Point, middle: Point, end: Point, part: number): Point {
  const [one, two, three] = [(1 - part) ** 2, 2 * part * (1 - part), part ** 2];
  return { x: one * begin.x + two * middle.x + three * end.x, y: one * begin.y + two * middle.y + three * end.y };
}

function pointTowards(from: Point, to: Point, distance: number): Point {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(x, y) || 1;
  return { x: from.x + (x / length) * distance, y: from.y + (y / length) * distance };
}

function radiusOf(degree: number): number {
  return Math.min(14, 6 + 1.5 * Math.sqrt(degree));
}

interface Merged {
  id: string;
  source: string;
  target: string;
  labels: string;
  bend: number;
}

const BEND = 28;
const MOST_LABELS = 2;

/** One line for all relations from one fact to another. */
function mergedRelations(relations: ReadonlyMap<string, Relation>, drawn: ReadonlySet<string>): Merged[] {
  const types = new Map<string, { source: string; target: string; types: Set<string> }>();
  for (const { source, target, relationship_type: type } of relations.values()) {
    if (!drawn.has(source) || !drawn.has(target)) continue;
    const id = JSON.stringify([source, target]);
    const known = types.get(id);
    if (known) known.types.add(type);
    else types.set(id, { source, target, types: new Set([type]) });
  }
  return [...types].map(([id, { source, target, types: all }]) => {
    const [shown, more] = [[...all].slice(0, MOST_LABELS).join(', '), all.size - MOST_LABELS];
    const back = types.has(JSON.stringify([target, source]));
    return { id, source, target, labels: more > 0 ? `${shown} +${more}` : shown, bend: back ? BEND : 0 };
  });
}

/** Those that are related to the one that is looked at come first, then those with relations, then the newest. */
function drawnFacts(facts: ReadonlyMap<string, Fact>, relations: ReadonlyMap<string, Relation>, selected: string | undefined): readonly Fact[] {
  const all = [...facts.values()];
  if (all.length <= MOST_DRAWN) return all;
  const ends = [...relations.values()].flatMap(({ source, target }) => [[source, target] as const, [target, source] as const]);
  const near = new Set(ends.flatMap(([one, other]) => (one === selected ? [other] : [])));
  const related = new Set(ends.map(([one]) => one));
  const rank = ({ id }: Fact) => (id === selected ? 3 : near.has(id) ? 2 : related.has(id) ? 1 : 0);
  return [...all].sort((left, right) => rank(right) - rank(left)).slice(0, MOST_DRAWN);
}

function degreesOf(relations: readonly Merged[]): ReadonlyMap<string, number> {
  const degrees = new Map<string, number>();
  for (const { source, target } of relations) for (const end of [source, target]) degrees.set(end, (degrees.get(end) ?? 0) + 1);
  return degrees;
}

function neighbourhoodOf(id: string, relations: readonly Merged[]): { id: string }[] {
  const near = relations.flatMap(({ source, target }) => (source === id ? [target] : target === id ? [source] : []));
  return [id, ...near].map((one) => ({ id: one }));
}
