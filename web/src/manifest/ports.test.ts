import { describe, expect, test } from 'vitest';
import type { FlowDocument, FlowEdge, FlowNode } from '../flow/document';
import { catalog, nodeType } from './fixture';
import { candidates, canConnect, fittingPort } from './ports';

const GIVER = nodeType('giver', [], [{ id: 'out', title: 'Words', types: ['Special', 'Plain'] }]);
const TAKER = nodeType(
  'taker',
  [
    { id: 'one', title: 'One', types: ['Plain'] },
    { id: 'many', title: 'Many', types: ['Plain'], many: true },
    { id: 'other', title: 'Other', types: ['Strange'] },
  ],
  [{ id: 'out', title: 'Out', types: ['Strange', 'Plain'] }],
);
const TYPES = catalog([GIVER, TAKER]);

const node = (id: string, type: string): FlowNode => ({ id, type, version: 1, position: { x: 0, y: 0 }, inputs: {} });
const edge = (source: string, target: string, targetHandle: string): FlowEdge => ({ source, sourceHandle: 'out', target, targetHandle });
const flow = (...edges: FlowEdge[]): FlowDocument => ({
  format: 1,
  name: '',
  nodes: [node('g1', 'giver'), node('g2', 'giver'), node('t1', 'taker'), node('t2', 'taker'), node('lost', 'gone')],
  edges,
});
const reason = (doc: FlowDocument, wanted: FlowEdge, replacing?: FlowEdge) => {
  const verdict = canConnect(TYPES, doc, wanted, replacing);
  return verdict.ok ? 'ok' : verdict.reason;
};

describe('two ports connect', () => {
  test('when their types meet', () => {
    expect(reason(flow(), edge('g1', 't1', 'one'))).toBe('ok');
    expect(reason(flow(), edge('g1', 't1', 'other'))).toBe('Other takes Strange, and this gives Special.');
  });

  test('once, unless the port takes many', () => {
    const taken = flow(edge('g1', 't1', 'one'), edge('g1', 't1', 'many'));
    expect(reason(taken, edge('g2', 't1', 'one'))).toMatch(/One takes one connection/u);
    expect(reason(taken, edge('g2', 't1', 'many'))).toBe('ok');
    expect(reason(taken, edge('g1', 't1', 'many'))).toMatch(/connected already/u);
  });

  test('not to themselves, not in a circle, not at a port that is not known', () => {
    expect(reason(flow(), edge('t1', 't1', 'one'))).toMatch(/itself/u);
    expect(reason(flow(edge('t1', 't2', 'many')), edge('t2', 't1', 'many'))).toMatch(/circle/u);
    expect(reason(flow(), edge('g1', 'lost', 'one'))).toMatch(/not known/u);
    expect(reason(flow(), edge('g1', 't1', 'nowhere'))).toMatch(/not known/u);
    expect(reason(flow(), edge('g1', 'nobody', 'one'))).toMatch(/no longer here/u);
  });

  test('in place of the connection that is being moved', () => {
    const old = edge('g1', 't1', 'one');
    expect(reason(flow(old), edge('g2', 't1', 'one'), old)).toBe('ok');
    const back = edge('t1', 't2', 'many');
    expect(reason(flow(back), edge('t2', 't1', 'many'), back)).toBe('ok');
  });
});

test('what fits comes first among the candidates, and what does not says why', () => {
  const found = candidates(TYPES, flow(), { node: 'g1', port: 'out', side: 'source' });
  expect(found.map(({ node: { id }, port, verdict }) => [id, port.id, verdict.ok])).toEqual([
    ['t1', 'one', true],
    ['t1', 'many', true],
    ['t2', 'one', true],
    ['t2', 'many', true],
    ['t1', 'other', false],
    ['t2', 'other', false],
  ]);
});

test('a wire that ends on empty canvas asks for nodes that fit its port', () => {
  const from = { node: 'g1', port: 'out', side: 'source' as const };
  expect(fittingPort(TYPES, TAKER, from, flow())?.id).toBe('one');
  expect(fittingPort(TYPES, GIVER, from, flow())).toBeUndefined();
  expect(fittingPort(TYPES, TAKER, { node: 't1', port: 'other', side: 'target' }, flow())?.id).toBe('out');
});

test('of the nodes that ship, each memory fits the chain', () => {
  const real = catalog();
  const doc: FlowDocument = { ...flow(), nodes: real.nodes.map((declaration) => node(declaration['x-node'].type, declaration['x-node'].type)) };
  const chain = doc.nodes.find(({ type }) => real.node(type)?.['x-node'].inputPorts.some((port) => port.id === 'memory'));
  const fits = candidates(real, doc, { node: chain?.id ?? '', port: 'memory', side: 'target' }).filter(({ verdict }) => verdict.ok);
  expect(fits.map(({ declaration }) => real.hueOf(declaration))).toEqual(fits.map(() => 0));
  expect(fits.length).toBeGreaterThanOrEqual(2);
});
