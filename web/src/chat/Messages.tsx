import { useEffect, useLayoutEffect, useRef } from 'react';
import { useCatalog, useFlow, usePage, useRuns } from '../page';
import { isOpen } from '../run/exchange';
import { Failure } from '../run/Findings';
import { partsOf } from '../run/parts';
import { MOST_TURNS } from '../run/runs';
import { Button } from '../ui/Button';
import { Exchange } from './Exchange';
import { useStick } from './useStick';

const MORE = 4;

/** The conversation, newest below. It follows what is added, unless the person has scrolled up to read. */
export function Messages() {
  const { runs } = usePage();
  const exchanges = useRuns((state) => state.exchanges);
  const history = useRuns((state) => state.history);
  const running = exchanges.some(isOpen);
  const last = exchanges.at(-1)?.key;
  const { box, content, away, toEnd } = useStick();

  useEffect(() => {
    if (history.is === 'unread') void runs.commands.read();
  }, [history, runs]);

  // A question that was just sent is seen, wherever the person was.
  const newest = useRef(last);
  useLayoutEffect(() => {
    if (newest.current !== last && running) toEnd();
    newest.current = last;
  }, [last, running, toEnd]);

  const earlier = async () => {
    if (history.is !== 'read') return;
    const element = box.current;
    const below = element ? element.scrollHeight - element.scrollTop : 0;
    await runs.commands.read(Math.min(MOST_TURNS, history.last * MORE));
    requestAnimationFrame(() => {
      if (element) element.scrollTop = element.scrollHeight - below;
    });
  };

  return (
    <div className="chat-middle">
      {/* It scrolls by keyboard, too. */}
      <div className="chat-messages" ref={box} tabIndex={0} role="log" aria-live="off" aria-label="Conversation" aria-busy={running}>
        <div className="chat-content" ref={content}>
          {history.is === 'read' && !history.complete && (
            <div className="chat-earlier">
              {history.last < MOST_TURNS ? (
                <Button look="quiet" onClick={() => void earlier()}>
                  Show earlier messages
                </Button>
              ) : (
                <p>The newest {MOST_TURNS.toLocaleString('en')} turns. The Memory tab has the whole session.</p>
              )}
            </div>
          )}
          {history.is === 'failed' && (
            <Failure title="What is stored can’t be shown." error={history.error}>
              <div className="chat-acts">
                <Button onClick={() => void runs.commands.read()}>Try again</Button>
              </div>
            </Failure>
          )}
          {exchanges.map((exchange) => (
            <Exchange key={exchange.key} exchange={exchange} newest={exchange.key === last} />
          ))}
          {exchanges.length === 0 && (history.is === 'none' || history.is === 'read') && <Empty read={history.is === 'read'} />}
          {exchanges.length === 0 && history.is === 'loading' && <p className="chat-empty" aria-busy="true">Reading the conversation…</p>}
        </div>
      </div>
      {away && (
        <Button className="chat-newest" icon="chevronDown" onClick={toEnd}>
          Newest
        </Button>
      )}
    </div>
  );
}

function Empty({ read }: { read: boolean }) {
  const catalog = useCatalog();
  const hasMemory = useFlow(({ doc }) => partsOf(catalog, doc).memory !== undefined);
  const next = read
    ? 'Each turn is kept in the memory node. Say something, then something that needs it.'
    : hasMemory
      ? 'What the memory node keeps shows here once the node is set up.'
      : 'Connect a memory node, and the flow remembers what is said.';
  return (
    <div className="chat-empty">
      <p>Nothing said yet.</p>
      <p>{next}</p>
    </div>
  );
}
