import { memo } from 'react';
import { usePage, useRuns } from '../page';
import { canRetry, isOpen, isUnstored, type Exchange as Told } from '../run/exchange';
import { Failure } from '../run/Findings';
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
  // What is not in the memory that was read is not stored.
  const unsure = useRuns((state) => state.history.is !== 'read');
  const { key, is, error, run, storing } = exchange;
  const retry = async () => {
    const problem = await runs.commands.retry(key);
    if (problem !== undefined) say(problem, { tone: 'bad' });
  };
  if (isUnstored(exchange) && error) {
    return (
      <Failure title="Not stored." error={error}>
        <div className="chat-acts">
          <Button disabled={storing} aria-busy={storing} onClick={() => void runs.commands.storeAgain(key)}>
            {storing ? 'Storing…' : 'Store again'}
          </Button>
        </div>
      </Failure>
    );
  }
  if (!canRetry(exchange)) return null;
  const again = (
    <div className="chat-acts">
      <Button disabled={busy} onClick={() => void retry()}>
        {is === 'answered' ? 'Ask again' : 'Try again'}
      </Button>
      <Button look="quiet" disabled={busy} onClick={() => runs.commands.takeBack(key)}>
        Edit
      </Button>
    </div>
  );
  if (is === 'answered') return again;
  if (is === 'failed' && error) return <Failure title="No answer." error={error}>{again}</Failure>;
  return (
    <div className="chat-note" role="alert">
      <Icon name="cloudOff" />
      <div>
        <p>
          <strong>Cut off.</strong> {run === undefined ? LEFT : CUT_OFF} {unsure ? UNSURE : NOT_STORED}
        </p>
        {again}
      </div>
    </div>
  );
}

const CUT_OFF = 'The host was started anew while it answered.';
const LEFT = 'The page was left before the host had taken it.';
const NOT_STORED = 'Nothing of this turn is stored.';
const UNSURE = 'Asked again, the turn is stored once all the same.';
