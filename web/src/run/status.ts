import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { useGone } from '../credentials/names';
import type { FlowNode } from '../flow/document';
import { connectedInputs, nodeOf } from '../flow/lookups';
import type { FlowStore } from '../flow/store';
import { sentence } from '../text/sentence';
import { setupProblems } from '../manifest/setup';
import { useCatalog, useFlow } from '../page';
import { checks } from './checks';
import { health, type Health } from './health';

/** A node's one state, as its card shows it. */
export interface NodeStatus {
  is: 'setup' | 'checking' | 'ready' | 'running' | 'error';
  /** It is ready, and something should be looked at. */
  warns?: boolean;
  text: string;
}

/** What checks and runs have found out about nodes, by id. Cleared for a node when it changes. */
export const findings = createStore<{ of: Readonly<Record<string, NodeStatus>> }>(() => ({ of: {} }));

export function setFinding(node: string, status: NodeStatus | undefined): void {
  findings.setState(({ of }) => {
    const { [node]: _, ...rest } = of;
    return { of: status ? { ...rest, [node]: status } : rest };
  });
}

/** What was found out about a node holds until the node changes. */
export function watchFindings(flow: FlowStore): void {
  flow.subscribe((state, before) => {
    if (state.id !== before.id) return findings.setState({ of: {} });
    if (state.doc.nodes === before.doc.nodes) return;
    for (const [id, { is }] of Object.entries(findings.getState().of)) {
      const [now, then] = [nodeOf(state.doc.nodes, id), nodeOf(before.doc.nodes, id)];
      if (is === 'error' && (now?.inputs !== then?.inputs || now?.credential !== then?.credential)) setFinding(id, undefined);
    }
  });
}

/** A check or a run that is under way or has failed tells more than the declaration; what is missing comes before ready. */
export function useNodeStatus(node: FlowNode): NodeStatus {
  const catalog = useCatalog();
  const found = useStore(findings, ({ of }) => of[node.id]);
  const tried = useStore(health, ({ of }) => of[node.id]);
  useGone(node.credential);
  const connected = useFlow((state) => connectedInputs(state.doc.edges, node.id));
  const told = useStore(checks, ({ problems }) => problems.find((problem) => problem.node === node.id && problem.level === 'error')?.message);
  if (found?.is === 'checking' || found?.is === 'running') return found;
  const edges = connected.split('\n').map((targetHandle) => ({ source: '', sourceHandle: '', target: node.id, targetHandle }));
  const [first, ...more] = setupProblems(catalog, node, edges);
  if (first) return { is: 'setup', text: more.length === 0 ? first.message : `${first.message} · ${more.length} more` };
  if (told !== undefined) return { is: 'setup', text: sentence(told) };
  if (found?.is === 'error') return found;
  return statusOf(tried, ({ name, type }) => name ?? catalog.node(type)?.title ?? type);
}

function statusOf(tried: Health | undefined, title: (node: FlowNode) => string): NodeStatus {
  switch (tried?.is) {
    case undefined:
    case 'checking':
      return { is: 'checking', text: 'Checking…' };
    case 'error':
      return { is: 'error', text: sentence(tried.error.message) };
    case 'waiting':
      return { is: 'setup', text: `Waits for ${title(tried.on)}` };
    case 'ready': {
      const warnings = tried.findings.filter(({ level }) => level !== 'ok').length;
      if (warnings === 0) return { is: 'ready', text: 'Ready' };
      return { is: 'ready', warns: true, text: warnings === 1 ? 'Ready, with a warning' : `Ready, with ${warnings} warnings` };
    }
  }
}
