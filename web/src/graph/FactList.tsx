import { useRef, type KeyboardEvent } from 'react';
import type { Fact } from '../api/graph';
import { moment } from '../memory/format';
import { count } from '../run/words';
import { Button } from '../ui/Button';
import { changedAt, PAGE, type GraphStore } from './store';
import { sourcesOf } from './sources';
import { useGraphState } from './useGraph';

/** What is found, or a page of all: for the keyboard, for screen readers, and for reading. */
export function FactList({ graph }: { graph: GraphStore }) {
  const facts = useGraphState(graph, (state) => state.facts);
  const list = useGraphState(graph, (state) => state.list);
  const found = useGraphState(graph, (state) => state.found);
  const selected = useGraphState(graph, (state) => state.selected);
  const box = useRef<HTMLUListElement>(null);
  const shown = found ? found.hits.map(({ node }) => facts.get(node.id) ?? node) : list.ids.flatMap((id) => facts.get(id) ?? []);

  const onKeyDown = (event: KeyboardEvent) => {
    const rows = [...(box.current?.querySelectorAll<HTMLElement>('button') ?? [])];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    rows[Math.max(0, Math.min(to, rows.length - 1))]?.focus();
  };

  return (
    <div className="memory-scroll">
      <ul ref={box} className="facts" aria-label={found ? 'Facts that were found' : 'Facts'} onKeyDown={onKeyDown}>
        {shown.map((fact) => (
          <li key={fact.id}>
            <button type="button" className="fact-row" aria-current={fact.id === selected || undefined} onClick={() => graph.select(fact.id)}>
              <span className="fact-name">{fact.id}</span>
              {fact.content !== '' && <span className="fact-text">{fact.content}</span>}
              <FactOrigin fact={fact} />
            </button>
          </li>
        ))}
      </ul>
      <footer className="memory-more">
        {found ? (
          <p>{found.truncated ? `The best ${count(shown.length, 'result')}. More words find fewer.` : count(shown.length, 'result')}</p>
        ) : (
          <p>{`${count(shown.length, 'fact')}, in the store’s order`}</p>
        )}
        {!found && list.next !== undefined && (
          <Button disabled={list.is === 'loading'} onClick={() => void graph.more()}>
            {list.is === 'loading' ? 'Loading…' : `Load up to ${PAGE} more`}
          </Button>
        )}
      </footer>
    </div>
  );
}

function FactOrigin({ fact }: { fact: Fact }) {
  const source = sourcesOf(fact.metadata).at(-1);
  const at = changedAt(fact);
  const words = [at > 0 && moment(at, Date.now()), source && `from ${source.session}`].filter(Boolean);
  return words.length === 0 ? null : <span className="fact-origin">{words.join(' · ')}</span>;
}
