import { memo } from 'react';
import { usePage, useRuns } from '../page';
import { canRetry, isOpen, isUnstored, type Exchange as Told } from '../run/exchange';
import { sentence } from '../run/words';
import { Markdown } from '../text/Markdown';
import { Button } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { say } from '../ui/toasts';
import { ToolUse } from './ToolUse';
import { Trace } from './Trace';

/** A question, its answer, and what became of it. */
export const Exchange = memo(function Exchange({ exchange, newest }: { exchange: Told; newest: boolean }) {
  const open = isOpen(exchange);
  return (
    <article className="exchange" data-is={exchange.is} data-newest={newest}>
      {exchange.asked !== '' && (
        <div className="asked">
          <span className="visually-hidden">You: </span>
          {exchange.asked}
        </div>
      )}
      <div className="answer">
        {exchange.pieces.map((piece, at) => ('text' in piece ? <Markdown key={at} text={piece.text} headings={3} /> : <ToolUse key={at} use={piece.use} />))}
        {open && <Working exchange={exchange} />}
        {exchange.stopped && !open && (
          <p className="answer-mark">
            <Icon name="stop" size={14} />
            {exchange.pieces.length === 0 ? 'Stopped before it answered. Nothing is stored.' : 'You stopped it here.'}
          </p>
        )}
        <Ending exchange={exchange} />
        {exchange.steps.length > 0 && !open && <Trace steps={exchange.steps} open={newest} />}
      </div>
    </article>
  );
});

function Working({ exchange: { pieces, waiting, stopped } }: { exchange: Told }) {
  if (waiting) {
    return (
      <p className="answer-mark" data-tone="warn">
        <Icon name="cloudOff" size={14} />
        The host does not answer. Waiting for it…
      </p>
    );
  }
  if (stopped) return <p className="answer-mark">Stopping…</p>;
  if (pieces.length > 0 && 'text' in (pieces.at(-1) ?? {})) return null;
  return (
    <p className="answer-wait">
      <span className="visually-hidden">Answering</span>
      <span aria-hidden="true" />
      <span aria-hidden="true" />
      <span aria-hidden="true" />
    </p>
  );
}

/** How it ended, where it did not end well, and the way on. */
function Ending({ exchange }: { exchange: Told }) {
  const { runs } = usePage();
  const busy = useRuns((state) => state.saving || state.exchanges.some(isOpen));
  const { key, is, error, storing } = exchange;
  const retry = async () => {
    const problem = await runs.commands.retry(key);
    if (problem !== undefined) say(problem, { tone: 'bad' });
  };
  if (isUnstored(exchange)) {
    return (
      <div className="chat-note" data-tone="bad" role="alert">
        <Icon name="alert" />
        <div>
          <p>
            <strong>Not stored.</strong> {error && sentence(error.message)}
          </p>
          <Facts of={error?.context} />
          <div className="chat-note-acts">
            <Button disabled={storing} aria-busy={storing} onClick={() => void runs.commands.storeAgain(key)}>
              {storing ? 'Storing…' : 'Store again'}
            </Button>
          </div>
        </div>
      </div>
    );
  }
  if (!canRetry(exchange)) return null;
  if (exchange.stopped && is === 'answered') {
    return (
      <div className="chat-note-acts">
        <Button look="quiet" disabled={busy} onClick={() => void retry()}>
          Ask again
        </Button>
      </div>
    );
  }
  return (
    <div className="chat-note" data-tone="bad" role="alert">
      <Icon name={is === 'lost' || error?.kind === 'offline' ? 'cloudOff' : 'alert'} />
      <div>
        <p>
          <strong>{is === 'lost' ? 'Cut off.' : 'No answer.'}</strong>{' '}
          {is === 'lost' ? 'The host was started anew while it answered. Nothing of this turn is stored.' : error && sentence(error.message)}
        </p>
        <Facts of={error?.context} />
        <div className="chat-note-acts">
          <Button disabled={busy} onClick={() => void retry()}>
            Try again
          </Button>
          <Button look="quiet" disabled={busy} onClick={() => runs.commands.takeBack(key)}>
            Edit
          </Button>
        </div>
      </div>
    </div>
  );
}

function Facts({ of }: { of: Readonly<Record<string, string>> | undefined }) {
  const facts = Object.entries(of ?? {}).filter(([, value]) => value !== '' && value !== 'none');
  if (facts.length === 0) return null;
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name.replaceAll('_', ' ')}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
