import { useMemo } from 'react';
import { useStore } from 'zustand';
import type { FlowNode } from '../flow/document';
import { fieldErrorOf } from '../form/fieldError';
import { setupProblems } from '../manifest/setup';
import { useCatalog } from '../page';
import { checks } from '../run/checks';
import { health } from '../run/health';

/** What the host says about a node's fields, when it looks at the flow and when it tries the node, by dotted path, where the form does not say it by itself already. */
export function useFieldErrors(node: FlowNode): Readonly<Record<string, string>> {
  const catalog = useCatalog();
  const problems = useStore(checks, (state) => state.problems);
  const tried = useStore(health, ({ of }) => of[node.id]);
  return useMemo(() => {
    const own = new Set(setupProblems(catalog, node, []).map(({ field }) => field));
    const told = problems.filter(({ node: id, field, level }) => id === node.id && level === 'error' && field != null);
    const atFields = told.flatMap(({ field, message }) => (field == null || own.has(field.split('.', 1)[0] ?? '') ? [] : [[field, message]]));
    return { ...(tried?.is === 'error' && fieldErrorOf(tried.error)), ...Object.fromEntries(atFields) };
  }, [catalog, node, problems, tried]);
}
