import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { memory } from '../api/memory';
import type { FlowNode } from '../flow/document';
import { useFlow, usePage } from '../page';
import { lastStored, onStored, tellChanged } from '../run/stored';
import { createMemory, type MemoryState, type MemoryStore } from './store';

/** What was read stays as long as the node's settings do, so that going to another tab and back costs nothing. */
const kept = new Map<string, { settings: string; memory: MemoryStore }>();

export function useMemory(node: FlowNode): MemoryStore {
  const { autosave } = usePage();
  const flow = useFlow((state) => state.id) ?? '';
  const settings = JSON.stringify([node.type, node.version, node.inputs, node.credential]);
  const found = useMemo(() => memoryOf(flow, node.id, settings, () => autosave.flush()), [flow, node.id, settings, autosave]);
  useEffect(() => {
    const unwatch = found.watch();
    return () => void unwatch();
  }, [found]);
  return found;
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
