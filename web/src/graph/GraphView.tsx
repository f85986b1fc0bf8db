import { useEffect, useState } from 'react';
import type { FlowNode } from '../flow/document';
import { Blank } from '../memory/Blank';
import { charge } from '../memory/format';
import { ReadFailure } from '../memory/ReadFailure';
import { Waiting } from '../memory/Waiting';
import { count } from '../run/words';
import { Button, IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Drawing } from './Drawing';
import { FactList } from './FactList';
import { FactPanel } from './FactPanel';
import { NewFactDialog } from './NewFactDialog';
import type { GraphStore } from './store';
import { useGraphState } from './useGraph';

const TYPING_MS = 300;
const NOTE_MS = 10_000;

type Shown = 'graph' | 'list';

/** What a graph holds, drawn and as a list, and the one fact that is looked at. */
export function GraphView({ graph, node, onEnlarge }: { graph: GraphStore; node: FlowNode; onEnlarge?: () => void }) {
  const [shown, setShown] = useState<Shown>('graph');
  const [adding, setAdding] = useState(false);
  const selected = useGraphState(graph, (state) => state.selected);
  const list = useGraphState(graph, (state) => state.list);
  const found = useGraphState(graph, (state) => state.found);
  const beginning = useGraphState(graph, (state) => state.beginning);
  const wide = onEnlarge === undefined;
  const waiting = shown === 'graph' ? beginning : list.ids.length === 0 && list.is !== 'ready';
  const empty = list.is === 'ready' && list.ids.length === 0 && list.next === undefined && !list.error && !found;
  return (
    <div className="memory graph" data-wide={wide}>
      <Head graph={graph} shown={shown} onShow={setShown} onAdd={() => setAdding(true)} {...(onEnlarge && { onEnlarge })} />
      {list.error && <ReadFailure error={list.error} onRetry={() => void graph.refresh()} />}
      {found?.error && <ReadFailure error={found.error} onRetry={() => void graph.search(found.text)} />}
      <div className="graph-panes" data-open={selected !== undefined}>
        <div className="graph-all">
          {waiting && <Waiting />}
          {empty && <Empty onAdd={() => setAdding(true)} />}
          {!waiting && !empty && list.ids.length + (found?.hits.length ?? 0) > 0 && (shown === 'graph' ? <Drawing graph={graph} /> : <FactList graph={graph} />)}
          {found?.is === 'ready' && found.hits.length === 0 && !found.error && <p className="graph-none">Nothing is called so, and no fact has these words.</p>}
        </div>
        {selected !== undefined && <FactPanel key={selected} graph={graph} node={node} id={selected} />}
      </div>
      <Foot graph={graph} />
      {adding && <NewFactDialog graph={graph} onClose={() => setAdding(false)} />}
    </div>
  );
}

interface HeadProps {
  graph: GraphStore;
  shown: Shown;
  onShow: (shown: Shown) => void;
  onAdd: () => void;
  onEnlarge?: () => void;
}

function Head({ graph, shown, onShow, onAdd, onEnlarge }: HeadProps) {
  const busy = useGraphState(graph, (state) => state.list.is === 'loading' || state.exploring);
  const [query, setQuery] = useState(() => graph.store.getState().found?.text ?? '');
  useEffect(() => {
    if (query === (graph.store.getState().found?.text ?? '')) return undefined;
    const timer = setTimeout(() => void graph.search(query), TYPING_MS);
    return () => clearTimeout(timer);
  }, [graph, query]);
  return (
    <header className="graph-head">
      <div className="graph-tools">
        <label className="memory-search">
          <Icon name="search" />
          <input
            type="text"
            placeholder="Find a name or words"
            aria-label="Find facts by name or words"
            value={query}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || query === '') return;
              event.preventDefault();
              event.stopPropagation();
              setQuery('');
            }}
          />
        </label>
        <IconButton icon="add" label="Add a fact" onClick={onAdd} />
        <IconButton icon="refresh" label="Read it again" disabled={busy} data-busy={busy} onClick={() => void graph.refresh()} />
        {onEnlarge && <IconButton icon="expand" label="Large view" onClick={onEnlarge} />}
      </div>
      <div className="memory-switch" role="group" aria-label="What is shown">
        {(['graph', 'list'] as const).map((what) => (
          <button key={what} type="button" aria-pressed={shown === what} onClick={() => onShow(what)}>
            {what === 'graph' ? 'Graph' : 'List'}
          </button>
        ))}
      </div>
    </header>
  );
}

function Empty({ onAdd }: { onAdd: () => void }) {
  return (
    <Blank icon="connect" title="No facts yet" text="An agent that this graph is connected to remembers here what it is told. You can add one yourself, too.">
      <Button icon="add" onClick={onAdd}>
        Add a fact
      </Button>
    </Blank>
  );
}

/** What was done, what could not be read, how much there is, and what looking has cost. */
function Foot({ graph }: { graph: GraphStore }) {
  const note = useGraphState(graph, (state) => state.note);
  const problem = useGraphState(graph, (state) => state.problem);
  const truncated = useGraphState(graph, (state) => state.truncated);
  const unreadable = useGraphState(graph, (state) => state.unreadable);
  const usage = useGraphState(graph, (state) => state.usage);
  const facts = useGraphState(graph, (state) => state.facts.size);
  const relations = useGraphState(graph, (state) => state.relations.size);
  useEffect(() => {
    if (note === undefined) return undefined;
    const timer = setTimeout(() => graph.say(undefined), NOTE_MS);
    return () => clearTimeout(timer);
  }, [graph, note]);
  return (
    <>
      {problem && <ReadFailure error={problem} />}
      {unreadable.length > 0 && (
        <details className="unreadable">
          <summary>
            <Icon name="alert" />
            {count(unreadable.length, 'row')} can’t be read
          </summary>
          <p>They stay as they are, and the rest is shown.</p>
          <ul>
            {unreadable.map(({ key, reason }) => (
              <li key={key}>
                <code>{key}</code>
                <span>{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <p className="memory-note" role="status" data-shown={note !== undefined}>
        {note}
      </p>
      {usage.requests > 0 && (
        <footer className="memory-foot">
          <span>
            {count(facts, 'fact')}, {count(relations, 'relation')} read{truncated && '; there is more near by'}
          </span>
          <span>{charge(usage)}</span>
        </footer>
      )}
    </>
  );
}
