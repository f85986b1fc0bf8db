import { useMemo } from 'react';
import { useStore } from 'zustand';
import { history } from '../api/history';
import type { FlowNode } from '../flow/document';
import { useFlow, usePage, type Page } from '../page';
import { createHistory, type HistoryState, type HistoryStore } from './store';

/** What was read stays as long as the node's settings do, so that going to another tab and back costs nothing. */
const kept = new Map<string, { settings: string; history: HistoryStore }>();

export function useHistory(node: FlowNode): HistoryStore {
  const { autosave } = usePage();
  const flow = useFlow((state) => state.id) ?? '';
  const settings = settingsOf(node);
  return useMemo(() => historyOf(flow, node.id, settings, () => autosave.flush()), [flow, node.id, settings, autosave]);
}

/** Shows what became of a memory. */
export function lookUpHistory({ flow, view, autosave }: Page, node: FlowNode, memory: string): void {
  const { id } = flow.getState();
  if (id === undefined) return;
  historyOf(id, node.id, settingsOf(node), () => autosave.flush()).look({ is: 'memory', id: memory });
  flow.commands.select([node.id]);
  view.setState({ inspector: true, inspectorTab: 'memory' });
}

export function useHistoryState<T>({ store }: HistoryStore, selector: (state: HistoryState) => T): T {
  return useStore(store, selector);
}

function settingsOf({ type, version, inputs, credential }: FlowNode): string {
  return JSON.stringify([type, version, inputs, credential]);
}

function historyOf(flow: string, node: string, settings: string, save: () => Promise<void>): HistoryStore {
  const key = JSON.stringify([flow, node]);
  const known = kept.get(key);
  if (known?.settings === settings) return known.history;
  const made = createHistory({ flow, node }, history, save);
  kept.set(key, { settings, history: made });
  return made;
}
