import { createStore } from 'zustand/vanilla';
import type { ApiError } from '../api/client';
import { nodes as api, type Finding, type NodeRef } from '../api/nodes';
import { credentialNames } from '../credentials/names';
import type { FlowDocument, FlowNode } from '../flow/document';
import { nodeOf } from '../flow/lookups';
import { setupProblems } from '../manifest/setup';
import type { Page } from '../page';
import { checks } from './checks';

const QUIET_MS = 600;
const AT_ONCE = 3;

/** What the host found when it tried a node as it is set now. */
export type Health = { is: 'checking' } | { is: 'ready'; findings: readonly Finding[] } | { is: 'error'; error: ApiError }
  /** Something that it stands on does not work. */
  | { is: 'waiting'; on: FlowNode };

/** By the node's id. A node that is not there is still to be tried, once nothing is missing. */
export const health = createStore<{
  of: Readonly<Record<string, Health>>;
  /** Tries a node once more. */
  again: (node: string) => void;
}>(() => ({ of: {}, again: () => undefined }));

/** Has the host try each node that has nothing missing, a moment after what it stands on has changed. */
export function watchHealth(page: Pick<Page, 'flow' | 'catalog' | 'autosave'>): void {
  const { flow, catalog } = page;
  /** For what state of a node the last trial was. */
  const tried = new Map<string, string>();
  const waiting: string[] = [];
  let running = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const put = (id: string, next: Health | undefined) =>
    health.setState(({ of }) => {
      const { [id]: _, ...rest } = of;
      return { of: next ? { ...rest, [id]: next } : rest };
    });

  const complete = (node: FlowNode, { edges }: FlowDocument) =>
    catalog.node(node.type) !== undefined &&
    setupProblems(catalog, node, edges).length === 0 &&
    !checks.getState().problems.some((problem) => problem.node === node.id && problem.level === 'error');

  const look = () => {
    const { doc } = flow.getState();
    const { of } = health.getState();
    for (const id of Object.keys(of).filter((known) => !doc.nodes.some((node) => node.id === known))) {
      tried.delete(id);
      put(id, undefined);
    }
    lookAtAll(standings(doc), doc);
  };

  const lookAtAll = (all: readonly Standing[], doc: FlowDocument) => {
    for (const { node, on } of all) lookAt(node, on, doc);
    while (running < AT_ONCE && waiting.length > 0) void next();
  };

  const lookAt = (node: FlowNode, standing: readonly FlowNode[], doc: FlowDocument) => {
    const now = (id: string) => health.getState().of[id];
    if (!complete(node, doc)) {
      tried.delete(node.id);
      if (now(node.id)) put(node.id, undefined);
      return;
    }
    const others = standing.filter((one) => one !== node);
    const broken = others.find((one) => now(one.id)?.is === 'error' || !complete(one, doc));
    if (broken) {
      tried.delete(node.id);
      const before = now(node.id);
      if (before?.is !== 'waiting' || before.on !== broken) put(node.id, { is: 'waiting', on: broken });
      return;
    }
    if (others.some((one) => now(one.id)?.is === 'checking')) return;
    const state = JSON.stringify(standing.map(({ id, type, inputs, credential }) => [id, type, inputs, credential, revisionOf(credential)]));
    if (tried.get(node.id) === state) return;
    tried.set(node.id, state);
    put(node.id, { is: 'checking' });
    if (!waiting.includes(node.id)) waiting.push(node.id);
  };

  const next = async () => {
    const id = waiting.shift();
    if (id === undefined) return;
    running++;
    const state = tried.get(id);
    const { id: flowId, doc } = flow.getState();
    const node = doc.nodes.find((one) => one.id === id);
    if (node && state !== undefined) {
      const answer = await api.health(await refOf(page, node));
      // What changed meanwhile is tried by itself.
      if (tried.get(id) === state && flow.getState().id === flowId) {
        if (answer.ok) put(id, { is: 'ready', findings: answer.value.findings });
        // A host that is gone says nothing about a node.
        else if (answer.error.kind === 'offline') put(id, { is: 'ready', findings: [] });
        else put(id, { is: 'error', error: answer.error });
      }
    }
    running--;
    // What stands on this one has its turn.
    const now = flow.getState().doc;
    lookAtAll(standings(now).filter(({ node: one, on }) => one.id !== id && on.some((giver) => giver.id === id)), now);
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(look, QUIET_MS);
  };

  flow.subscribe((state, before) => {
    if (state.id !== before.id) {
      tried.clear();
      waiting.length = 0;
      health.setState({ of: {} });
    }
    if (state.doc === before.doc) return;
    for (const node of state.doc.nodes) {
      const then = nodeOf(before.doc.nodes, node.id);
      // What was found holds for what the node was.
      if (then && then !== node && (then.inputs !== node.inputs || then.credential !== node.credential)) {
        tried.delete(node.id);
        if (health.getState().of[node.id]) put(node.id, undefined);
      }
    }
    later();
  });
  checks.subscribe(later);
  credentialNames.subscribe(later);
  later();

  health.setState({
    again: (id) => {
      tried.delete(id);
      look();
    },
  });
}

/** A node by itself, as it is on the page; what stands on others is looked at as it is saved, with them. */
export async function refOf({ flow, autosave }: Pick<Page, 'flow' | 'autosave'>, { id: node, type, inputs, credential }: FlowNode): Promise<NodeRef> {
  const { id, doc } = flow.getState();
  if (id === undefined || !doc.edges.some(({ target }) => target === node)) return { type, inputs, ...(credential !== undefined && { credential }) };
  await autosave.flush();
  return { flow: id, node };
}

interface Standing {
  node: FlowNode;
  /** Itself and all that gives to it. */
  on: readonly FlowNode[];
}

let known: { doc: FlowDocument; all: readonly Standing[] } | undefined;

/** What each node stands on; what others stand on comes first. */
function standings(doc: FlowDocument): readonly Standing[] {
  if (known?.doc !== doc) {
    const all = doc.nodes.map((node) => ({ node, on: standingOf(doc, node) })).sort((left, right) => left.on.length - right.on.length);
    known = { doc, all };
  }
  return known.all;
}

/** A node and all that gives to it, from near to far. */
function standingOf(doc: FlowDocument, node: FlowNode): FlowNode[] {
  const found = new Map([[node.id, node]]);
  const open = [node.id];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const { source, target } of doc.edges) {
      const giver = target === at && !found.has(source) ? doc.nodes.find(({ id }) => id === source) : undefined;
      if (!giver) continue;
      found.set(giver.id, giver);
      open.push(giver.id);
    }
  }
  return [...found.values()];
}

function revisionOf(credential: string | undefined): number | undefined {
  return credentialNames.getState().all.find(({ id }) => id === credential)?.revision;
}
