import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Answer, ApiError } from '../api/client';
import type { FlowRecord } from '../api/flows';
import { createAutosave, type Autosave, type Remote } from './autosave';
import type { FlowDocument } from './document';
import { createFlowStore, type FlowStore } from './store';

/** A host with one flow, as the API promises it. */
class Host implements Remote {
  flow: FlowDocument = { format: 1, name: 'first', nodes: [], edges: [] };
  version = 1;
  saves = 0;
  fails: { kind: ApiError['kind']; status: number } | undefined;
  hold: Promise<void> | undefined;

  record(): FlowRecord {
    return { id: 'f', etag: `v${this.version}`, updated: '', flow: this.flow };
  }

  async get(_: string, ifNoneMatch?: string): Promise<Answer<FlowRecord | undefined>> {
    return { ok: true, value: ifNoneMatch === this.record().etag ? undefined : this.record() };
  }

  async save(_: string, flow: FlowDocument, ifMatch: string): Promise<Answer<FlowRecord>> {
    this.saves += 1;
    await this.hold;
    if (this.fails) return { ok: false, error: { ...this.fails, message: 'no' } };
    if (ifMatch !== '*' && ifMatch !== this.record().etag) return { ok: false, error: { kind: 'conflict', status: 412, message: 'changed' } };
    this.flow = flow;
    this.version += 1;
    return { ok: true, value: this.record() };
  }
}

let host: Host;
let flow: FlowStore;
let autosave: Autosave;
const is = () => autosave.status.getState().save.is;
const rename = (name: string) => flow.commands.renameFlow(name);

beforeEach(() => {
  vi.useFakeTimers();
  host = new Host();
  flow = createFlowStore();
  autosave = createAutosave(flow, host);
  autosave.open(host.record());
});

afterEach(() => {
  autosave.dispose();
  vi.useRealTimers();
});

describe('a change', () => {
  test('is saved once a moment after the last one', async () => {
    rename('a');
    await vi.advanceTimersByTimeAsync(500);
    rename('ab');
    expect(is()).toBe('unsaved');
    await vi.advanceTimersByTimeAsync(500);
    expect(host.saves).toBe(0);
    await vi.advanceTimersByTimeAsync(500);
    expect([host.saves, host.flow.name, is()]).toEqual([1, 'ab', 'saved']);
  });

  test('that comes while another is being saved is saved after it, with the new version', async () => {
    let letGo = () => {};
    host.hold = new Promise((resolve) => (letGo = resolve));
    rename('a');
    await vi.advanceTimersByTimeAsync(800);
    expect(is()).toBe('saving');
    rename('ab');
    letGo();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([host.saves, host.flow.name, is()]).toEqual([2, 'ab', 'saved']);
  });

  test('that undoes itself is saved too, and looking around is not', async () => {
    flow.commands.setViewport({ x: 1, y: 1, zoom: 1 });
    flow.commands.selectAll();
    await vi.advanceTimersByTimeAsync(5_000);
    expect([host.saves, is()]).toEqual([0, 'saved']);
    rename('a');
    await vi.advanceTimersByTimeAsync(1_000);
    flow.commands.undo();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(host.flow.name).toBe('first');
  });
});

test('two who ask for a save at once cause one', async () => {
  rename('a');
  let letGo = () => {};
  host.hold = new Promise((resolve) => (letGo = resolve));
  const asked = [autosave.flush(), autosave.flush(), autosave.flush()];
  letGo();
  await Promise.all(asked);
  expect([host.saves, host.flow.name, is()]).toEqual([1, 'a', 'saved']);
});

describe('a host that is gone', () => {
  test('is asked again until it answers, and nothing is lost', async () => {
    host.fails = { kind: 'offline', status: 0 };
    rename('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(is()).toBe('offline');
    rename('ab');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(host.saves).toBeGreaterThan(1);
    host.fails = undefined;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([host.flow.name, is()]).toEqual(['ab', 'saved']);
  });

  test('that refuses says why, and the next change tries again', async () => {
    host.fails = { kind: 'too_large', status: 413 };
    rename('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(autosave.status.getState().save).toMatchObject({ is: 'failed', error: { kind: 'too_large' } });
    host.fails = undefined;
    rename('ab');
    await vi.advanceTimersByTimeAsync(1_000);
    expect([host.flow.name, is()]).toEqual(['ab', 'saved']);
  });
});

describe('a flow that was changed elsewhere', () => {
  beforeEach(async () => {
    host.flow = { ...host.flow, name: 'theirs' };
    host.version += 1;
    rename('mine');
    await vi.advanceTimersByTimeAsync(1_000);
    expect([is(), host.flow.name]).toEqual(['elsewhere', 'theirs']);
  });

  test('is not written over by further changes', async () => {
    rename('mine, still');
    await vi.advanceTimersByTimeAsync(60_000);
    await autosave.flush();
    expect([is(), host.flow.name]).toEqual(['elsewhere', 'theirs']);
  });

  test('is taken by reload', async () => {
    await autosave.reload();
    expect([flow.getState().doc.name, is()]).toEqual(['theirs', 'saved']);
    rename('on top');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(host.flow.name).toBe('on top');
  });

  test('is written over when the person says so', async () => {
    await autosave.overwrite();
    expect([host.flow.name, is()]).toEqual(['mine', 'saved']);
  });
});

test('coming back to the window tells of a change elsewhere', async () => {
  await autosave.lookForChanges();
  expect(is()).toBe('saved');
  host.version += 1;
  await autosave.lookForChanges();
  expect(is()).toBe('elsewhere');
});
