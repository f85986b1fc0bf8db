import type { Answer } from './api/client';
import { flows, isReadable } from './api/flows';
import { nodes } from './api/nodes';
import { refreshCredentialNames } from './credentials/names';
import { createAutosave } from './flow/autosave';
import { createFlowStore } from './flow/store';
import { offerFirstSteps, watchFirstSteps } from './flows/firstSteps';
import { fetchTemplates } from './flows/templates';
import { catalogOf } from './manifest/catalog';
import { createView, type Page } from './page';
import { watchFlow } from './run/checks';
import { watchHealth } from './run/health';
import { createKept } from './run/kept';
import { createRuns } from './run/runs';
import { watchFindings } from './run/status';
import { say } from './ui/toasts';

const ADDRESS = /^#\/flows\/([^/]+)$/u;

let started: Promise<Answer<Page>> | undefined;

/** Starts the page; whoever asks again gets the same one, unless it could not be started. */
export function startOnce(): Promise<Answer<Page>> {
  started ??= start().then((answer) => {
    if (!answer.ok) started = undefined;
    return answer;
  });
  return started;
}

/** Fetches what the page stands on, and opens the flow that the address names, else the newest, else a first one. */
async function start(): Promise<Answer<Page>> {
  const [manifest, list] = await Promise.all([nodes.manifest(), flows.list(), refreshCredentialNames()]);
  if (!manifest.ok) return manifest;
  if (!list.ok) return list;
  const flow = createFlowStore();
  const autosave = createAutosave(flow, flows);
  const open = async (id: string): Promise<boolean> => {
    await autosave.flush();
    if (autosave.status.getState().save.is !== 'saved') {
      say('This flow is not saved yet. It stays open until it is.', { tone: 'bad' });
      return false;
    }
    const answer = await flows.get(id);
    if (!answer.ok || !answer.value) {
      if (!answer.ok) say(answer.error.message, { tone: 'bad' });
      return false;
    }
    autosave.open(answer.value);
    return true;
  };
  const catalog = catalogOf(manifest.value);
  const page: Page = {
    catalog,
    flow,
    autosave,
    runs: createRuns({ flow, catalog, autosave, kept: createKept(storage('localStorage'), storage('sessionStorage')) }),
    view: createView(storage('sessionStorage')),
    openFlow: async (id) => {
      const opened = await open(id);
      if (opened) location.hash = addressOf(id);
      return opened;
    },
  };

  const wanted = idInAddress();
  const newest = list.value.flows.filter(isReadable).sort((a, b) => b.updated.localeCompare(a.updated))[0];
  if (wanted === undefined || !(await open(wanted))) {
    const id = newest?.id ?? (await createFirst());
    if (id !== undefined) {
      history.replaceState(null, '', addressOf(id));
      await open(id);
    }
  }
  listen(page, open);
  void offerFirstSteps(page, list.value.flows.length);
  return { ok: true, value: page };
}

/** The starter flow, or an empty one where the host has no templates. */
async function createFirst(): Promise<string | undefined> {
  const [starter] = await fetchTemplates();
  const created = await flows.create(starter ? { template: starter.id } : { name: 'Untitled flow' });
  if (created.ok) return created.value.id;
  say(created.error.message, { tone: 'bad' });
  return undefined;
}

/** For as long as the page lives. */
function listen(page: Page, open: (id: string) => Promise<boolean>): void {
  const { flow, autosave } = page;
  const retitle = () => {
    document.title = `${flow.getState().doc.name || 'Untitled flow'} · canvas-memory`;
  };
  retitle();
  flow.subscribe(retitle);
  watchFlow(flow);
  watchFindings(flow);
  watchHealth(page);
  watchFirstSteps(page);
  addEventListener('hashchange', () => {
    const id = idInAddress();
    const now = flow.getState().id;
    if (id === undefined || id === now) return;
    void open(id).then((opened) => {
      if (!opened && now !== undefined) history.replaceState(null, '', addressOf(now));
    });
  });
  addEventListener('online', () => void autosave.flush());
  addEventListener('beforeunload', (event) => {
    const { is } = autosave.status.getState().save;
    if (is !== 'saved' && is !== 'saving') event.preventDefault();
  });
  document.addEventListener('visibilitychange', () => void (document.hidden ? autosave.flush(true) : autosave.lookForChanges()));
}

function addressOf(id: string): string {
  return `#/flows/${encodeURIComponent(id)}`;
}

function idInAddress(): string | undefined {
  const found = ADDRESS.exec(location.hash)?.[1];
  try {
    return found && decodeURIComponent(found);
  } catch {
    return undefined;
  }
}

/** A browser may forbid even to ask for it. */
function storage(name: 'localStorage' | 'sessionStorage'): Storage | undefined {
  try {
    return globalThis[name];
  } catch {
    return undefined;
  }
}
