import { useEffect, useRef, useState } from 'react';
import type { ApiError } from '../api/client';
import type { Relation } from '../api/graph';
import type { FlowNode } from '../flow/document';
import { date } from '../memory/format';
import { JsonTree } from '../memory/JsonTree';
import { useCopy } from '../memory/useCopy';
import { useFocusIfLost } from '../memory/useFocusIfLost';
import { Failure } from '../run/Findings';
import { Button, IconButton } from '../ui/Button';
import { DeleteFactDialog } from './DeleteFactDialog';
import { EditFactDialog } from './EditFactDialog';
import { Origins } from './Origins';
import { RelateDialog } from './RelateDialog';
import { sourcesOf, withoutSources } from './sources';
import { relationsOf, type GraphStore } from './store';
import { useGraphState } from './useGraph';

const FIRST_SHOWN = 20;

/** One fact: what is known, where it came from, and how it is related. */
export function FactPanel({ graph, node, id }: { graph: GraphStore; node: FlowNode; id: string }) {
  const fact = useGraphState(graph, (state) => state.facts.get(id));
  const title = useFocusIfLost<HTMLHeadingElement>();
  const [copied, copy] = useCopy();
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    void section.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  const [open, setOpen] = useState<'edit' | 'relate' | 'delete'>();
  const fields = withoutSources(fact?.metadata);
  return (
    <section ref={section} className="fact-panel" aria-label={`Fact ${id}`}>
      <header className="memory-head">
        <h3 ref={title} className="session-title" title={id} tabIndex={-1}>
          {id}
        </h3>
        <IconButton icon={copied ? 'check' : 'copy'} label={copied ? 'Copied' : 'Copy the name'} onClick={() => copy(id)} />
        <span className="memory-gap" />
        {fact && <IconButton icon="rename" label="Edit" onClick={() => setOpen('edit')} />}
        {fact && <IconButton icon="trash" label="Delete" onClick={() => setOpen('delete')} />}
        <IconButton icon="close" label="Close the fact" onClick={() => graph.select(undefined)} />
      </header>
      <div className="fact-body">
        {!fact && <p className="inspector-quiet">Something is related to this name, and nothing is stored under it.</p>}
        {fact && (fact.content === '' ? <p className="inspector-quiet">Nothing is known of it but its relations.</p> : <p className="fact-content">{fact.content}</p>)}
        {fact && <Times created={fact.created_at_epoch_secs} updated={fact.updated_at_epoch_secs} />}
        <Origins sources={sourcesOf(fact?.metadata)} node={node} id={id} />
        {fields !== undefined && (
          <section>
            <h4>Metadata</h4>
            <div className="json">
              <JsonTree value={fields} />
            </div>
          </section>
        )}
        <Relations graph={graph} node={node} id={id} onRelate={fact && (() => setOpen('relate'))} />
      </div>
      {fact && open === 'edit' && <EditFactDialog graph={graph} fact={fact} onClose={() => setOpen(undefined)} />}
      {fact && open === 'relate' && <RelateDialog graph={graph} id={id} onClose={() => setOpen(undefined)} />}
      {fact && open === 'delete' && <DeleteFactDialog graph={graph} id={id} onClose={() => setOpen(undefined)} />}
    </section>
  );
}

function Times({ created, updated }: { created: number | null | undefined; updated: number | null | undefined }) {
  const words = [created != null && `Added ${date(created)}`, updated != null && `changed ${date(updated)}`].filter(Boolean);
  return words.length === 0 ? null : <p className="fact-times">{words.join(', ')}</p>;
}

function Relations({ graph, node, id, onRelate }: { graph: GraphStore; node: FlowNode; id: string; onRelate: (() => void) | undefined }) {
  const relations = useGraphState(graph, (state) => state.relations);
  const exploring = useGraphState(graph, (state) => state.exploring);
  const [all, setAll] = useState(false);
  const own = relationsOf(relations, id);
  return (
    <section>
      <header className="fact-section">
        <h4>Relations{own.length > 0 && ` (${own.length})`}</h4>
        {onRelate && (
          <Button look="quiet" icon="add" onClick={onRelate}>
            Relate
          </Button>
        )}
      </header>
      {own.length === 0 && <p className="inspector-quiet">{exploring ? 'Reading…' : 'None.'}</p>}
      <ul className="relations">
        {own.slice(0, all ? undefined : FIRST_SHOWN).map((relation) => (
          <RelationRow key={relation.id} graph={graph} node={node} id={id} relation={relation} />
        ))}
      </ul>
      {own.length > FIRST_SHOWN && !all && (
        <Button look="quiet" onClick={() => setAll(true)}>
          Show all {own.length}
        </Button>
      )}
    </section>
  );
}

function RelationRow({ graph, node, id, relation }: { graph: GraphStore; node: FlowNode; id: string; relation: Relation }) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<ApiError>();
  const { source, target, relationship_type: type, properties } = relation;
  const outgoing = source === id;
  const other = outgoing ? target : source;
  const remove = async () => {
    setAsking(false);
    setError(await graph.unlink(relation));
  };
  const fields = withoutSources(properties);
  return (
    <li>
      <div className="relation-row">
        <p>
          {!outgoing && (
            <>
              <FactLink graph={graph} id={other} />{' '}
            </>
          )}
          <span className="relation-type">{type}</span> <span aria-hidden="true">→</span>{' '}
          {outgoing ? <FactLink graph={graph} id={other} /> : <span className="relation-self">{id}</span>}
        </p>
        <IconButton icon="trash" label={`Remove: ${source} ${type} ${target}`} aria-expanded={asking} onClick={() => setAsking(!asking)} />
      </div>
      {asking && (
        <div className="row-ask" role="alert">
          <p>Remove this relation? Both facts stay.</p>
          <Button autoFocus onClick={() => setAsking(false)}>
            Keep it
          </Button>
          <Button look="danger" onClick={() => void remove()}>
            Remove
          </Button>
        </div>
      )}
      {fields !== undefined && (
        <div className="json">
          <JsonTree value={fields} />
        </div>
      )}
      <Origins sources={sourcesOf(properties)} node={node} />
      {error && <Failure error={error} />}
    </li>
  );
}

function FactLink({ graph, id }: { graph: GraphStore; id: string }) {
  return (
    <button type="button" className="link" onClick={() => graph.select(id)}>
      {id}
    </button>
  );
}
