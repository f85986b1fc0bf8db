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
  keepLoggedIn();
  admission.setState(({ times }) => ({ asked: false, times: times + 1 }));
}

const KEY = 'canvas-memory/logged-in';

/** Whether this browser was let in by the host's token. The cookie itself can't be seen by scripts. */
export function isLoggedIn(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function keepLoggedIn(): void {
  try {
    localStorage.setItem(KEY, 'yes');
  } catch {
    // Without storage there is no way to log out but to close the browser.
  }
}

/** Takes away what this window knows of the talks, and that there was a login. */
export function forgetLogin(): void {
  try {
    localStorage.removeItem(KEY);
    for (const key of Object.keys(sessionStorage)) if (key.startsWith('canvas-memory/')) sessionStorage.removeItem(key);
  } catch {
    // Then there was nothing to keep.
  }
}
