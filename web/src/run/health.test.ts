import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAutosave } from '../flow/autosave';
import { EMPTY_FLOW, type FlowDocument } from '../flow/document';
import { createFlowStore, type FlowStore } from '../flow/store';
import { catalog, nodeType } from '../manifest/fixture';
import { checks } from './checks';
import { partsOf } from './Findings';
import { health, watchHealth } from './health';

const PORT = { id: 'out', title: 'Out', types: ['T'] };
const NEEDY = { ...nodeType('needy', [], [PORT]), properties: { table: { type: 'string' } }, required: ['table'] };
const TAKER = nodeType('taker', [{ id: 'in', title: 'In', types: ['T'], required: true }], []);

let asked: unknown[];
let failing: boolean;
let flow: FlowStore;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  failing = false;
  checks.setState({ problems: [] });
  vi.stubGlobal('fetch', (_: string, { body }: { body: string }) => {
    asked.push((JSON.parse(body) as { node: unknown }).node);
    const error = { kind: 'not_found', message: 'the table is not there; create it', retry: 'never', context: {}, usage: {} };
    return Promise.resolve(failing ? Response.json({ error }, { status: 404 }) : Response.json({ findings: [], usage: {} }));
  });
  flow = createFlowStore();
  const record = (id: string, flow: FlowDocument) => Promise.resolve({ ok: true as const, value: { id, flow, etag: '1', updated: '' } });
  const remote = { get: (id: string) => record(id, EMPTY_FLOW), save: record };
  flow.commands.open('f', EMPTY_FLOW);
  watchHealth({ flow, catalog: catalog([NEEDY, TAKER]), autosave: createAutosave(flow, remote) });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(2_000);
const add = (type: string) => flow.commands.addNode({ type, version: 1, position: { x: 0, y: 0 } });

test('a node is tried once nothing is missing, and anew when its inputs change', async () => {
  const id = add('needy');
  await settle();
  expect(asked).toEqual([]);
  flow.commands.setInput(id, 'table', 'chats');
  await settle();
  expect(asked).toEqual([{ type: 'needy', inputs: { table: 'chats' } }]);
  expect(health.getState().of[id]).toEqual({ is: 'ready', findings: [] });

  flow.commands.moveNodes(new Map([[id, { x: 9, y: 9 }]]), { dragging: false });
  await settle();
  expect(asked).toHaveLength(1);
  flow.commands.setInput(id, 'table', 'others');
  expect(health.getState().of[id]).toBeUndefined();
  await settle();
  expect(asked).toHaveLength(2);
  health.getState().again(id);
  await settle();
  expect(asked).toHaveLength(3);
});

test('what stands on a node that does not work waits for it', async () => {
  failing = true;
  const giver = add('needy');
  const taker = add('taker');
  flow.commands.setInput(giver, 'table', 'chats');
  flow.commands.connect({ source: giver, sourceHandle: 'out', target: taker, targetHandle: 'in' });
  await settle();
  expect(asked).toHaveLength(1);
  expect(health.getState().of[giver]).toMatchObject({ is: 'error' });
  expect(health.getState().of[taker]).toMatchObject({ is: 'waiting' });

  failing = false;
  health.getState().again(giver);
  await settle();
  expect(health.getState().of[taker]).toEqual({ is: 'ready', findings: [] });
  expect(asked.at(-1)).toEqual({ flow: 'f', node: taker });
});

test('a message is told as its cause and the next step', () => {
  expect(partsOf({ kind: 'not_found', message: 'the table is not there; create it' })).toEqual({ cause: 'The table is not there.', next: 'Create it.' });
  expect(partsOf({ kind: 'invalid_input', message: '`a` is missing; it takes text; `b` too' })).toEqual({ cause: '`a` is missing; it takes text; `b` too.' });
});
