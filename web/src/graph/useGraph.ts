import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { graph } from '../api/graph';
import type { FlowNode } from '../flow/document';
import { useFlow, usePage } from '../page';
import { createGraph, type GraphState, type GraphStore } from './store';

/** What was read stays as long as the node's settings do, so that going to another tab and back costs nothing. */
const kept = new Map<string, { settings: string; graph: GraphStore }>();

export function useGraph(node: FlowNode): GraphStore {
  const { autosave } = usePage();
  const flow = useFlow((state) => state.id) ?? '';
  const settings = JSON.stringify([node.type, node.version, node.inputs, node.credential]);
  const found = useMemo(() => {
    const key = JSON.stringify([flow, node.id]);
    const known = kept.get(key);
    if (known?.settings === settings) return known.graph;
    const made = createGraph({ flow, node: node.id }, graph, () => autosave.flush());
    kept.set(key, { settings, graph: made });
    return made;
  }, [flow, node.id, settings, autosave]);
  useEffect(() => found.begin(), [found]);
  return found;
}

export function useGraphState<T>({ store }: GraphStore, selector: (state: GraphState) => T): T {
  return useStore(store, selector);
}
