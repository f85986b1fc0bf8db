import { useState } from 'react';
import type { Step } from '../api/runs';
import { plus, millis, NO_USAGE, stepCosts, stepHint, stepWords, usageWords } from '../run/words';
import { Icon } from '../ui/Icon';

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
        <li key={at} data-bad={step.kind.step === 'tool_called' && !step.kind.ok}>
          <span title={stepHint(step)}>{stepWords(step)}</span>
          <span>{stepCosts(step).join(' · ')}</span>
        </li>
      ))}
    </ol>
  );
}
