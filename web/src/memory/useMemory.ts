import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { memory } from '../api/memory';
import type { FlowNode } from '../flow/document';
import { useFlow, usePage, type Page } from '../page';
import { lastStored, onStored, tellChanged } from '../run/stored';
import { createMemory, type MemoryState, type MemoryStore } from './store';

/** What was read stays as long as the node's settings do, so that going to another tab and back costs nothing. */
const kept = new Map<string, { settings: string; memory: MemoryStore }>();

export function useMemory(node: FlowNode): MemoryStore {
  const { autosave } = usePage();
  const flow = useFlow((state) => state.id) ?? '';
  const settings = settingsOf(node);
  const found = useMemo(() => memoryOf(flow, node.id, settings, () => autosave.flush()), [flow, node.id, settings, autosave]);
  useEffect(() => {
    const unwatch = found.watch();
    return () => void unwatch();
  }, [found]);
  return found;
}

/** Opens a session in the Memory tab of a node. */
export function openSession({ flow, view, autosave }: Page, node: FlowNode, session: string): void {
  const { id } = flow.getState();
  if (id === undefined) return;
  memoryOf(id, node.id, settingsOf(node), () => autosave.flush()).open(session);
  flow.commands.select([node.id]);
  view.setState({ inspector: true, inspectorTab: 'memory' });
}

function settingsOf({ type, version, inputs, credential }: FlowNode): string {
  return JSON.stringify([type, version, inputs, credential]);
}

function memoryOf(flow: string, node: string, settings: string, save: () => Promise<void>): MemoryStore {
  const key = keyOf(flow, node);
  const known = kept.get(key);
  if (known?.settings === settings) return known.memory;
  const made = createMemory({ flow, node }, memory, save, () => tellChanged({ flow, node }));
  kept.set(key, { settings, memory: made });
  const newest = known ? undefined : lastStored(flow, node);
  if (newest) {
    made.noteStored(newest);
    made.open(newest.session);
  }
  return made;
}

function keyOf(flow: string, node: string): string {
  return JSON.stringify([flow, node]);
}

onStored((stored) => {
  kept.get(keyOf(stored.flow, stored.node))?.memory.noteStored(stored);
});

export function useMemoryState<T>({ store }: MemoryStore, selector: (state: MemoryState) => T): T {
  return useStore(store, selector);
}
