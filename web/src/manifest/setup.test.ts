import { expect, test } from 'vitest';
import type { FlowEdge, FlowNode, Inputs } from '../flow/document';
import { catalog, nodeType, NODES } from './fixture';
import { setupProblems } from './setup';
import { summaryOf } from './summary';
import type { NodeDeclaration } from './types';

const REAL = catalog();
const titled = (title: string) => NODES.find((node) => node.title === title) as NodeDeclaration;
const node = (declaration: NodeDeclaration, inputs: Inputs = {}, more: Partial<FlowNode> = {}): FlowNode => ({
  id: 'n',
  type: declaration['x-node'].type,
  version: 1,
  position: { x: 0, y: 0 },
  inputs,
  ...more,
});
const problems = (of: FlowNode, edges: FlowEdge[] = []) => setupProblems(REAL, of, edges).map(({ field, message }) => `${field}: ${message}`);

test('what a node still needs is told in words', () => {
  const dynamo = titled('DynamoDB Chat Memory');
  expect(problems(node(dynamo))).toEqual([
    'tableName: Fill in Table name',
    'partitionKey: Fill in Partition key',
    'credential: Choose the AWS credential',
  ]);
  const filled = { tableName: 'chat', partitionKey: 'sessionId' };
  expect(problems(node(dynamo, { ...filled, endpoint: 'builtin' }))).toEqual([]);
  expect(problems(node(dynamo, filled, { credential: 'c' }))).toEqual([]);
  expect(problems(node(dynamo, { ...filled, endpoint: 'builtin', ttlSecs: 0 }))).toEqual(['ttlSecs: Time to live: Write 1 or more.']);
  expect(problems(node(dynamo, { ...filled, endpoint: 'builtin', recall: { policy: 'lastTurns' } }))).toEqual([
    'recall: Recall: Turns: Fill this in.',
  ]);
});

test('a port that must be connected is asked for until it is', () => {
  const chain = titled('Conversation Chain');
  expect(problems(node(chain))).toEqual(['model: Connect the Chat Model']);
  expect(problems(node(chain), [{ source: 'm', sourceHandle: 'model', target: 'n', targetHandle: 'model' }])).toEqual([]);
});

test('a node of a type that is not installed says so', () => {
  expect(problems(node(nodeType('gone', [], [])))).toEqual(['type: gone is not installed here']);
});

test('a summary shows what was set, in the order of the declaration, and no default', () => {
  const dynamo = titled('DynamoDB Chat Memory');
  expect(summaryOf(dynamo, {})).toBe('');
  expect(summaryOf(dynamo, { endpoint: 'builtin', partitionKey: 'sessionId', tableName: 'chat' })).toBe('chat · sessionId · builtin');
  expect(summaryOf(dynamo, { recall: { policy: 'lastTurns', turns: 3 }, ttlSecs: 60, createTable: true })).toBe('Last turns 3 · Create the table · 60 seconds');
  expect(summaryOf(titled('Conversation Chain'), { systemMessagePrompt: ' Be brief.\nAnd kind.' })).toBe('Be brief.');
});
