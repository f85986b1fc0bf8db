import { useState } from 'react';
import type { Step } from '../api/runs';
import { hasFailed, plus, millis, NO_USAGE, stepCosts, stepHint, stepWords, usageWords } from '../run/words';
import { Icon } from '../ui/Icon';

const FACTS_SHOWN = 6;

/** What the run did, step by step, with what each cost. Open for the newest answer until somebody says otherwise. */
export function Trace({ steps, open }: { steps: readonly Step[]; open: boolean }) {
  const [chosen, setChosen] = useState<boolean>();
  const usage = steps.reduce((sum, step) => plus(sum, step.usage), NO_USAGE);
  const took = steps.reduce((sum, { took_ms }) => sum + took_ms, 0);
  const shown = chosen ?? open;
  return (
    <div className="trace">
      <button type="button" className="trace-sum" aria-expanded={shown} onClick={() => setChosen(!shown)}>
        <Icon name="chevronRight" size={14} />
        <span>{[`${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`, ...usageWords(usage), millis(took)].join(' · ')}</span>
      </button>
      {shown && <Steps steps={steps} />}
    </div>
  );
}

export function Steps({ steps }: { steps: readonly Step[] }) {
  return (
    <ol className="steps">
      {steps.map((step, at) => (
        <li key={at} data-bad={hasFailed(step)}>
          <span title={stepHint(step)}>{stepWords(step)}</span>
          <span>{stepCosts(step).join(' · ')}</span>
          <Facts step={step} />
        </li>
      ))}
    </ol>
  );
}

/** What the model was given of a graph, as it read it. */
function Facts({ step: { kind } }: { step: Step }) {
  if (kind.step !== 'facts_found' || kind.facts.length === 0) return null;
  return (
    <ul className="step-facts">
      {kind.facts.slice(0, FACTS_SHOWN).map(({ line }, at) => (
        <li key={at}>{line}</li>
      ))}
      {kind.facts.length > FACTS_SHOWN && <li>and {kind.facts.length - FACTS_SHOWN} more</li>}
    </ul>
  );
}
