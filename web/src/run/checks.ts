import { createStore } from 'zustand/vanilla';
import { credentialNames } from '../credentials/names';
import { flows, type FlowProblem } from '../api/flows';
import type { FlowStore } from '../flow/store';

const QUIET_MS = 500;

/** What the host says about the flow as it is now. */
export const checks = createStore<{ problems: readonly FlowProblem[] }>(() => ({ problems: [] }));

/** Has the host check the flow a moment after each change. */
export function watchFlow(flow: FlowStore): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  const check = async () => {
    const question = ++asked;
    const answer = await flows.validate(flow.getState().doc);
    if (question === asked && answer.ok) checks.setState({ problems: answer.value.problems });
  };
  const later = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void check(), ms);
  };
  later(0);
  credentialNames.subscribe(({ ids }, before) => {
    if (ids !== before.ids) later(0);
  });
  flow.subscribe((state, before) => {
    if (state.id !== before.id) checks.setState({ problems: [] });
    if (state.doc !== before.doc) later(QUIET_MS);
  });
}
