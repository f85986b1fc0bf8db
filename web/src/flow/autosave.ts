import { createStore } from 'zustand/vanilla';
import { ANY_VERSION, type Answer, type ApiError } from '../api/client';
import type { FlowRecord } from '../api/flows';
import { savedForm, type FlowStore } from './store';
import type { FlowDocument } from './document';

export type SaveState =
  | { is: 'saved' }
  | { is: 'unsaved' }
  | { is: 'saving' }
  | { is: 'offline' }
  | { is: 'elsewhere' }
  | { is: 'failed'; error: ApiError };

export interface Remote {
  get: (id: string, ifNoneMatch?: string) => Promise<Answer<FlowRecord | undefined>>;
  save: (id: string, flow: FlowDocument, ifMatch: string, keepalive?: boolean) => Promise<Answer<FlowRecord>>;
}

const QUIET_MS = 700;
const RETRY_MS = [2_000, 4_000, 8_000, 15_000, 30_000];

export type Autosave = ReturnType<typeof createAutosave>;

/** Saves the flow a moment after each change, one request at a time, and never over what somebody else has saved. */
export function createAutosave(flow: FlowStore, remote: Remote) {
  const status = createStore<{ save: SaveState }>(() => ({ save: { is: 'saved' } }));
  let etag = ANY_VERSION;
  let savedRevision = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  /** Grows when another flow is opened, so that an answer that comes late does not touch it. */
  let opened = 0;

  const set = (save: SaveState) => status.setState({ save });
  const dirty = () => flow.getState().revision !== savedRevision;
  const after = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), ms);
  };

  const unsubscribe = flow.subscribe((state, before) => {
    if (state.revision === before.revision || state.id !== before.id || !dirty()) return;
    if (status.getState().save.is === 'elsewhere') return;
    set({ is: 'unsaved' });
    after(QUIET_MS);
  });

  async function put(keepalive: boolean): Promise<void> {
    const { id, revision } = flow.getState();
    if (id === undefined) return;
    const at = opened;
    set({ is: 'saving' });
    const answer = await remote.save(id, savedForm(flow.getState()), etag, keepalive);
    if (at !== opened) return;
    if (answer.ok) {
      failures = 0;
      savedRevision = revision;
      etag = answer.value.etag;
      if (dirty()) after(QUIET_MS);
      set(dirty() ? { is: 'unsaved' } : { is: 'saved' });
    } else if (answer.error.status === 412) {
      set({ is: 'elsewhere' });
    } else if (answer.error.kind === 'offline' || answer.error.retry === 'later') {
      after(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)] ?? 0);
      set({ is: 'offline' });
    } else {
      set({ is: 'failed', error: answer.error });
    }
  }

  async function flush(keepalive = false): Promise<void> {
    clearTimeout(timer);
    while (running) await running;
    if (!dirty() || status.getState().save.is === 'elsewhere') return;
    running = put(keepalive).finally(() => (running = undefined));
    await running;
  }

  return {
    status,
    flush,

    open(record: FlowRecord) {
      clearTimeout(timer);
      opened++;
      failures = 0;
      etag = record.etag;
      savedRevision = 0;
      flow.commands.open(record.id, record.flow);
      set({ is: 'saved' });
    },

    /** Looks whether the flow was changed elsewhere while nobody looked; asks for a decision if it was. */
    async lookForChanges(): Promise<void> {
      const { id } = flow.getState();
      const at = opened;
      if (id === undefined || running || status.getState().save.is !== 'saved') return;
      const answer = await remote.get(id, etag);
      if (at !== opened || running || !answer.ok || answer.value === undefined) return;
      if (answer.value.etag !== etag) set({ is: 'elsewhere' });
    },

    /** Takes what is saved elsewhere; what was changed here since then is gone. */
    async reload(): Promise<ApiError | undefined> {
      const { id } = flow.getState();
      if (id === undefined) return undefined;
      const answer = await remote.get(id);
      if (!answer.ok) return answer.error;
      if (answer.value) this.open(answer.value);
      return undefined;
    },

    /** Saves what is here over what is saved elsewhere. */
    async overwrite(): Promise<void> {
      etag = ANY_VERSION;
      savedRevision = -1;
      set({ is: 'unsaved' });
      await flush();
    },

    dispose() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
