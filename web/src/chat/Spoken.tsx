import { useRuns } from '../page';
import { isUnstored, wordsOf } from '../run/exchange';
import { spoken } from '../text/spoken';

const MOST_CHARS = 600;

/** Tells a screen reader the answer once it is whole, not at every piece. */
export function Spoken() {
  const text = useRuns(({ exchanges }) => {
    const last = exchanges.at(-1);
    // What was read from a memory is not news.
    if (!last || (last.is === 'answered' && last.stored === undefined)) return '';
    if (last.is === 'sending' || last.is === 'running') return last.waiting ? 'The host does not answer.' : 'Answering.';
    if (last.is !== 'answered') return '';
    const ending = isUnstored(last) ? ' Not stored.' : last.stopped ? ' Stopped.' : '';
    return `Answer: ${spoken(wordsOf(last)).slice(0, MOST_CHARS)}${ending}`;
  });
  return (
    <p className="visually-hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}
