import { useEffect, useState } from 'react';
import { flows } from '../api/flows';
import type { ShownCredential } from '../api/credentials';
import type { FlowDocument } from '../flow/document';
import { useCatalog, usePage } from '../page';

/** What the nodes of flows are called, by the ids of flow and node. */
export type Titles = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The names of the nodes that use these credentials; those of flows that are not open come a moment later. */
export function useNodeTitles(all: readonly ShownCredential[] | undefined): Titles {
  const catalog = useCatalog();
  const { flow } = usePage();
  const [titles, setTitles] = useState<Titles>(new Map());
  useEffect(() => {
    if (!all) return undefined;
    let left = false;
    const titlesOf = ({ nodes }: FlowDocument) => new Map(nodes.map(({ id, name, type }) => [id, name ?? catalog.node(type)?.title ?? type]));
    const take = (id: string, doc: FlowDocument) => !left && setTitles((before) => new Map(before).set(id, titlesOf(doc)));
    const open = flow.getState();
    for (const id of new Set(all.flatMap(({ used_by }) => used_by.map((use) => use.flow)))) {
      if (id === open.id) take(id, open.doc);
      else void flows.get(id).then((answer) => answer.ok && answer.value && take(id, answer.value.flow));
    }
    return () => {
      left = true;
    };
  }, [all, catalog, flow]);
  return titles;
}
