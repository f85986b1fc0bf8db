import { Steps } from '../chat/Trace';
import { toggleChat } from '../layout/panels';
import type { FlowNode } from '../flow/document';
import { useRuns, usePage } from '../page';
import type { NodeDeclaration } from '../manifest/types';
import { Button } from '../ui/Button';
import { isOpen } from './exchange';
import { Failure } from './Findings';
import { useNodeStatus } from './status';
import { millis } from './words';
import './run.css';

const TIME: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit' };

/** What the newest run did in this node, and what all runs of this window did. */
export function RunTab({ node }: { node: FlowNode; declaration: NodeDeclaration }) {
  const { view } = usePage();
  const run = useRuns((state) => state.nodes[node.id]);
  const totals = useRuns((state) => state.totals[node.id]);
  const working = useRuns((state) => state.exchanges.some(isOpen));
  const status = useNodeStatus(node);
  const chat = () => {
    if (!view.getState().chat) toggleChat(view);
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.composer textarea')?.focus());
  };
  if (!run && !totals) {
    return (
      <div className="inspector-body inspector-quiet run-none">
        <p>{status.is === 'running' ? 'Running…' : working ? 'Not a part of the run that is going on.' : 'Not run yet in this window.'}</p>
        {!working && (
          <Button icon="chat" onClick={chat}>
            Send a message
          </Button>
        )}
      </div>
    );
  }
  return (
    <div className="inspector-body run">
      <section aria-label="Newest run">
        <h3>
          Newest run
          {run && <time dateTime={new Date(run.atMs).toISOString()}>{new Date(run.atMs).toLocaleTimeString(undefined, TIME)}</time>}
        </h3>
        {status.is === 'running' && <p className="inspector-quiet">Running…</p>}
        {run?.error && <Failure error={run.error} />}
        {run && run.steps.length > 0 && <Steps steps={run.steps} />}
        {!run && <p className="inspector-quiet">It did nothing here.</p>}
      </section>
      {totals && (
        <section aria-label="This window">
          <h3>In this window</h3>
          <dl className="run-sums">
            <Sum name="Runs" value={totals.runs} />
            <Sum name="Time" value={millis(totals.tookMs)} />
            <Sum name="Read units" value={totals.usage.read_units} />
            <Sum name="Write units" value={totals.usage.write_units} />
            <Sum name="Commands" value={totals.usage.commands} />
            <Sum name="Requests" value={totals.usage.requests} />
          </dl>
        </section>
      )}
    </div>
  );
}

/** What is not charged here is not shown as nothing. */
function Sum({ name, value }: { name: string; value: string | number }) {
  if (value === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 2 }) : value}</dd>
    </div>
  );
}
