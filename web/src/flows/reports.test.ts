import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FlowProblem, ImportReport } from '../api/flows';
import { credentialNames } from '../credentials/names';
import type { FlowDocument, FlowNode } from '../flow/document';
import { forgetReport, isUnresolved, keepReport, keptReport } from './reports';

const NOTHING: ImportReport = { source: 'flowise', converted: [], coerced: [], dropped: [], dropped_edges: [], connect_again: [], unknown_nodes: [], variables: [], upgraded: [], problems: [] };
const node = (more: Partial<FlowNode> = {}): FlowNode => ({ id: 'memory', type: 't', version: 1, position: { x: 0, y: 0 }, inputs: {}, ...more });
const doc = (...nodes: FlowNode[]): FlowDocument => ({ format: 1, name: 'f', nodes, edges: [] });

beforeEach(() => credentialNames.setState({ all: [], ids: new Set(['saved']) }));
afterEach(() => localStorage.clear());

test('a report is kept by flow, and what is no report is not taken for one', () => {
  keepReport('a', NOTHING);
  expect(keptReport('a')).toEqual(NOTHING);
  expect(keptReport('b')).toBeUndefined();
  localStorage.setItem('canvas-memory/import/b', '{"problems":[]}');
  expect(keptReport('b')).toBeUndefined();
  forgetReport('a');
  expect(keptReport('a')).toBeUndefined();
});

test('a credential is to be connected until the node has one that is there, or is gone', () => {
  const report = { ...NOTHING, connect_again: [{ node: 'memory', slot: 'AWS', required: true }] as ImportReport['connect_again'] };
  expect(isUnresolved(report, doc(node()), [])).toBe(true);
  expect(isUnresolved(report, doc(node({ credential: 'deleted' })), [])).toBe(true);
  expect(isUnresolved(report, doc(node({ credential: 'saved' })), [])).toBe(false);
  expect(isUnresolved(report, doc(), [])).toBe(false);
});

test('a problem is to be mended while the host says so; what was left out can’t be', () => {
  const problem: FlowProblem = { node: 'memory', field: 'table', code: 'bad_input', level: 'error', message: 'as it was' };
  const report = { ...NOTHING, problems: [problem], dropped: [{ node: 'memory', field: 'old', message: 'gone' }] as ImportReport['dropped'] };
  expect(isUnresolved(report, doc(node()), [{ ...problem, message: 'in other words' }])).toBe(true);
  expect(isUnresolved(report, doc(node()), [{ ...problem, field: 'region' }])).toBe(false);
});
