import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { flows, type Template } from '../api/flows';

const store = createStore<{ all: readonly Template[] }>(() => ({ all: [] }));

/** The host's templates change with its version only: they are fetched once. */
export async function fetchTemplates(): Promise<readonly Template[]> {
  const { all } = store.getState();
  if (all.length > 0) return all;
  const answer = await flows.templates();
  if (answer.ok) store.setState({ all: answer.value.templates });
  return store.getState().all;
}

export function useTemplates(): readonly Template[] {
  return useStore(store, ({ all }) => all);
}
