import { useStore } from 'zustand';
import { useRuns } from '../page';
import { checks } from '../run/checks';
import { isOpen } from '../run/exchange';
import { Blocked } from './Blocked';
import { Composer } from './Composer';

/** Where the person writes; or, while the flow can't run, why it can't. */
export function ChatFoot() {
  const problems = useStore(checks, (state) => state.problems);
  const running = useRuns((state) => state.exchanges.some(isOpen));
  const flow = useRuns((state) => state.flow);
  const errors = problems.filter(({ level }) => level === 'error');
  if (flow === undefined) return null;
  if (errors.length > 0 && !running) return <Blocked problems={errors} />;
  return <Composer key={flow} running={running} />;
}
