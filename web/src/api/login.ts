import { createStore } from 'zustand/vanilla';

/** Whether the host waits for its token, and how often it was given it. */
export const admission = createStore<{ asked: boolean; times: number }>(() => ({ asked: false, times: 0 }));

/** Waits until the host has its token. `since` is how often it had it when the refused call was sent. */
export function admitted(since: number): Promise<void> {
  if (admission.getState().times > since) return Promise.resolve();
  admission.setState({ asked: true });
  return new Promise((resolve) => {
    const stop = admission.subscribe(({ times }) => {
      if (times <= since) return;
      stop();
      resolve();
    });
  });
}

/** Lets the calls go on that wait. */
export function admit(): void {
  admission.setState(({ times }) => ({ asked: false, times: times + 1 }));
}
