import type { FlowNode } from '../flow/document';
import { nodeOf } from '../flow/lookups';
import { lookUpHistory } from '../history/useHistory';
import { isHistory, isMemory } from '../manifest/catalog';
import { openSession } from '../memory/useMemory';
import { useCatalog, useFlow, usePage } from '../page';
import { partsOf } from '../run/parts';
import type { Source } from './sources';

/** Where a fact came from. The sessions can be gone to where a memory on the flow keeps them, the fact's history where one is connected. */
export function Origins({ sources, node, id }: { sources: readonly Source[]; node: FlowNode; id?: string }) {
  const page = usePage();
  const memory = useChatMemory();
  const history = useHistoryOf(node);
  if (sources.length === 0 && !(id !== undefined && history)) return null;
  return (
    <ul className="origins" aria-label="Where it came from">
      {sources.map(({ session, turn }, at) => (
        <li key={at}>
          From{' '}
          {memory ? (
            <button type="button" className="link" title={turn === undefined ? session : `${session}, turn ${turn}`} onClick={() => openSession(page, memory, session)}>
              {session}
            </button>
          ) : (
            <code>{session}</code>
          )}
          {turn !== undefined && <span title={turn}>, turn {turn.slice(0, 8)}</span>}
        </li>
      ))}
      {id !== undefined && history && (
        <li>
          <button type="button" className="link" onClick={() => lookUpHistory(page, history, id)}>
            What became of it
          </button>
        </li>
      )}
    </ul>
  );
}

/** The memory of the chain, else any that keeps conversations. */
function useChatMemory(): FlowNode | undefined {
  const catalog = useCatalog();
  return useFlow(({ doc }) => nodeOf(doc.nodes, partsOf(catalog, doc).memory ?? '') ?? doc.nodes.find(({ type }) => isMemory(catalog.node(type))));
}

/** The history that is connected to a graph. */
function useHistoryOf(node: FlowNode): FlowNode | undefined {
  const catalog = useCatalog();
  return useFlow(({ doc }) =>
    doc.edges
      .filter(({ target }) => target === node.id)
      .map(({ source }) => nodeOf(doc.nodes, source))
      .find((giver) => giver && isHistory(catalog.node(giver.type))),
  );
}
