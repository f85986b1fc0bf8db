import { beforeEach, describe, expect, test } from 'vitest';
import { fragmentOf, fromText, toText } from './clipboard';
import { EMPTY_FLOW, type FlowDocument, type FlowEdge } from './document';
import { createFlowStore, savedForm, type FlowStore } from './store';

let clock = 0;
let flow: FlowStore;
const doc = () => flow.getState().doc;
const ids = () => doc().nodes.map((node) => node.id);
const at = (id: string) => doc().nodes.find((node) => node.id === id)?.position;
const later = (ms = 5_000) => (clock += ms);
const edge: FlowEdge = { source: 'a_1', sourceHandle: 'out', target: 'b_1', targetHandle: 'in' };

function add(type: string, x = 0): string {
  later();
  return flow.commands.addNode({ type, version: 1, position: { x, y: 0 } });
}

beforeEach(() => {
  clock = 0;
  flow = createFlowStore(() => clock);
  flow.commands.open('f', EMPTY_FLOW);
});

describe('undo and redo', () => {
  test('go through twenty mixed edits and back, to the letter', () => {
    const a = add('a');
    const b = add('b', 300);
    const { commands } = flow;
    const acts: (() => void)[] = [
      () => commands.connect(edge),
      () => commands.renameNode(a, 'First'),
      () => commands.setInput(a, 'table', 'chat'),
      () => commands.setInput(a, 'recall', { policy: 'lastTurns', turns: 3 }),
      () => commands.moveNodes(new Map([[a, { x: 8, y: 16 }]]), { dragging: false }),
      () => commands.setCredential(b, 'c1'),
      () => commands.renameFlow('Orders'),
      () => commands.paste(fragmentOf(doc(), new Set([a, b])), { x: 0, y: 400 }),
      () => commands.remove([], [JSON.stringify(['a_1', 'out', 'b_1', 'in'])]),
      () => commands.arrange(new Map([[a, { x: 0, y: 0 }], [b, { x: 400, y: 0 }]])),
      () => commands.setInput(a, 'table', undefined),
      () => commands.setCredential(b, undefined),
      () => commands.remove([b], []),
      () => commands.renameNode(a, ''),
      () => commands.connect({ ...edge, target: 'b_2' }),
      () => commands.moveNodes(new Map([['a_2', { x: 80, y: 80 }]]), { dragging: false }),
      () => void commands.addNode({ type: 'c', version: 1, position: { x: 1, y: 1 } }),
      () => commands.renameFlow('Orders, again'),
      () => commands.remove(['a_2', 'b_2'], []),
      () => commands.setInput('c_1', 'flag', true),
    ];
    const seen: FlowDocument[] = [];
    for (const act of acts) {
      later();
      seen.push(doc());
      act();
      expect(doc()).not.toBe(seen.at(-1));
    }
    const end = doc();
    for (const before of seen.toReversed()) {
      commands.undo();
      expect(doc()).toEqual(before);
    }
    for (const _ of acts) commands.redo();
    expect(doc()).toEqual(end);
  });

  test('take a whole drag as one act, however long it pauses', () => {
    const a = add('a');
    for (const x of [10, 20, 30]) {
      later();
      flow.commands.moveNodes(new Map([[a, { x, y: 0 }]]), { dragging: true });
    }
    flow.commands.moveNodes(new Map([[a, { x: 40, y: 0 }]]), { dragging: false });
    flow.commands.moveNodes(new Map([[a, { x: 90, y: 0 }]]), { dragging: true });
    flow.commands.undo();
    expect(at(a)).toEqual({ x: 40, y: 0 });
    flow.commands.undo();
    expect(at(a)).toEqual({ x: 0, y: 0 });
    expect(ids()).toEqual([a]);
  });

  test('take moves by keyboard in a row as one act, and those after a pause as another', () => {
    const a = add('a');
    const press = (x: number) => flow.commands.moveNodes(new Map([[a, { x, y: 0 }]]), { dragging: false });
    press(8);
    later(100);
    press(16);
    later(5_000);
    press(24);
    flow.commands.undo();
    expect(at(a)?.x).toBe(16);
    flow.commands.undo();
    expect(at(a)?.x).toBe(0);
  });

  test('take the letters typed into one field as one act, and another field as another', () => {
    const a = add('a');
    flow.commands.setInput(a, 'name', 'c');
    flow.commands.setInput(a, 'name', 'ch');
    flow.commands.setInput(a, 'key', 's');
    flow.commands.undo();
    expect(doc().nodes[0]?.inputs).toEqual({ name: 'ch' });
    flow.commands.undo();
    expect(doc().nodes[0]?.inputs).toEqual({});
  });

  test('forget what was undone once something else is done', () => {
    add('a');
    flow.commands.undo();
    add('b');
    flow.commands.redo();
    expect(ids()).toEqual(['b_1']);
  });

  test('are not filled by looking around or selecting', () => {
    const a = add('a');
    const { revision, history } = flow.getState();
    flow.commands.select([a]);
    flow.commands.selectAll();
    flow.commands.setViewport({ x: 1, y: 2, zoom: 1.5 });
    expect(flow.getState()).toMatchObject({ revision, history });
  });
});

describe('the clipboard', () => {
  test('keeps the edges inside the selection, gives new ids, and sets the corner down at the pointer', () => {
    add('a', 100);
    add('b', 400);
    add('c', 700);
    flow.commands.connect(edge);
    flow.commands.connect({ ...edge, source: 'b_1', target: 'c_1' });
    const copied = fromText(toText(fragmentOf(doc(), new Set(['a_1', 'b_1']))));
    flow.commands.paste(copied ?? { nodes: [], edges: [] }, { x: 1000, y: 50 });
    expect(ids()).toEqual(['a_1', 'b_1', 'c_1', 'a_2', 'b_2']);
    expect([at('a_2'), at('b_2')]).toEqual([{ x: 1000, y: 50 }, { x: 1300, y: 50 }]);
    expect(doc().edges.slice(2)).toEqual([{ ...edge, source: 'a_2', target: 'b_2' }]);
    expect([...flow.getState().selectedNodes]).toEqual(['a_2', 'b_2']);
  });

  test('sets nothing right on another card', () => {
    add('a', 100);
    const copied = fragmentOf(doc(), new Set(['a_1']));
    for (const to of [{ x: 100, y: 0 }, { x: 100, y: 0 }, undefined]) flow.commands.paste(copied, to);
    expect(new Set(doc().nodes.map(({ position }) => JSON.stringify(position))).size).toBe(4);
  });

  test('takes nothing that is not its own', () => {
    for (const text of ['', 'hello', '{"nodes":[]}', '{"canvas-memory/fragment":1', '{"canvas-memory/fragment":1,"nodes":5,"edges":[]}']) {
      expect(fromText(text)).toBeUndefined();
    }
    expect(fromText('{"canvas-memory/fragment":1,"nodes":[{"id":1},null],"edges":[{}]}')).toEqual({ nodes: [], edges: [] });
  });
});

test('a deleted node takes its edges and its selection with it', () => {
  add('a');
  const b = add('b');
  flow.commands.connect(edge);
  flow.commands.select([b]);
  flow.commands.removeSelected();
  expect(doc().edges).toEqual([]);
  expect(flow.getState().selectedNodes.size).toBe(0);
  flow.commands.undo();
  expect(doc().edges).toEqual([edge]);
});

test('what the page does not know of a document is saved as it came', () => {
  const strange = { format: 1, name: 'n', nodes: [{ id: 'x', type: 'gone', version: 3, position: { x: 0, y: 0 }, inputs: {}, foreign: { a: [1] }, color: 'red' }], edges: [], team: 'blue' };
  flow.commands.open('f', strange as unknown as FlowDocument);
  flow.commands.moveNodes(new Map([['x', { x: 4.4, y: 0 }]]), { dragging: false });
  flow.commands.setViewport({ x: 1.26, y: 2, zoom: 0.51239 });
  expect(savedForm(flow.getState())).toEqual({ ...strange, nodes: [{ ...strange.nodes[0], position: { x: 4, y: 0 } }], viewport: { x: 1, y: 2, zoom: 0.512 } });
});
