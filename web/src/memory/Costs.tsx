import { Icon } from '../ui/Icon';
import { nextTurn } from './estimate';
import { add, bytes, charge } from './format';
import type { MemoryState, MemoryStore } from './store';
import type { Usage } from '../api/memory';
import { count } from '../run/words';
import { useMemoryState } from './useMemory';

/** What this memory has cost since the page was opened, and what the next turn will. */
export function Costs({ memory }: { memory: MemoryStore }) {
  const looked = useMemoryState(memory, (state) => state.looked);
  const talked = useMemoryState(memory, (state) => state.talked);
  const next = useMemoryState(memory, estimate);
  const all = add(looked, talked);
  if (all.requests === 0) return null;
  return (
    <details className="memory-costs">
      <summary>
        <Icon name="chevronRight" />
        <span>Cost so far</span>
        <span className="memory-costs-sum">{charge(all)}</span>
      </summary>
      <dl>
        <Cost title="Looking here" usage={looked} />
        <Cost title="Loading and storing in runs" usage={talked} />
        {next !== undefined && (
          <div>
            <dt>Next turn, an estimate</dt>
            <dd>{next}</dd>
          </div>
        )}
      </dl>
      <p>Counted since this page was opened.</p>
    </details>
  );
}

function Cost({ title, usage }: { title: string; usage: Usage }) {
  const nothing = usage.requests === 0;
  const counted = usage.read_units + usage.write_units + usage.commands > 0;
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        {nothing ? 'Nothing yet' : charge(usage)}
        {!nothing && <span>{[counted && count(usage.requests, 'request'), `${bytes(usage.bytes_received)} received`].filter(Boolean).join(' · ')}</span>}
      </dd>
    </div>
  );
}

function estimate({ capabilities, open, lastTurn, looked }: MemoryState): string | undefined {
  const read = open?.read;
  const fill = read?.fill ?? undefined;
  const turnBytes = fill && read && read.turns.length > 0 ? fill.bytes / read.turns.length : 0;
  return nextTurn({ capabilities, lastTurn, fill, turnBytes, chargesUnits: looked.read_units > 0 });
}
