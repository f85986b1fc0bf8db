import { useMemo } from 'react';
import { useStore } from 'zustand';
import type { FlowNode } from '../flow/document';
import { setupProblems } from '../manifest/setup';
import { useCatalog } from '../page';
import { checks } from '../run/checks';

/** What the host says about a node's fields, by dotted path, where the form does not say it by itself already. */
export function useFieldErrors(node: FlowNode): Readonly<Record<string, string>> {
  const catalog = useCatalog();
  const problems = useStore(checks, (state) => state.problems);
  return useMemo(() => {
    const own = new Set(setupProblems(catalog, node, []).map(({ field }) => field));
    const told = problems.filter(({ node: id, field, level }) => id === node.id && level === 'error' && field != null);
    return Object.fromEntries(
      told.flatMap(({ field, message }) => (field == null || own.has(field.split('.', 1)[0] ?? '') ? [] : [[field, message]])),
    );
  }, [catalog, node, problems]);
}
