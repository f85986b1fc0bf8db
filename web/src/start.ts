import type { Answer } from './api/client';
import { flows, isReadable } from './api/flows';
import { nodes } from './api/nodes';
import { refreshCredentialNames } from './credentials/names';
import { createAutosave } from './flow/autosave';
import { createFlowStore } from './flow/store';
import { catalogOf } from './manifest/catalog';
import { createView, type Page } from './page';
import { watchFlow } from './run/checks';
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
  const [manifest, list] = await Promise.all([nodes.manifest(), flows.list()]);
  if (!manifest.ok) return manifest;
  if (!list.ok) return list;
  void refreshCredentialNames();
  const flow = createFlowStore();
  const autosave = createAutosave(flow, flows);
  const open = async (id: string): Promise<boolean> => {
    await autosave.flush();
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
    view: createView(),
    openFlow: (id) => {
      location.hash = `#/flows/${encodeURIComponent(id)}`;
    },
  };

  const wanted = idInAddress();
  const newest = list.value.flows.filter(isReadable).sort((a, b) => b.updated.localeCompare(a.updated))[0];
  if (wanted === undefined || !(await open(wanted))) {
    const id = newest?.id ?? (await createFirst());
    if (id !== undefined) {
      history.replaceState(null, '', `#/flows/${encodeURIComponent(id)}`);
      await open(id);
    }
  }
  listen(page, open);
  return { ok: true, value: page };
}

/** The starter flow, or an empty one where the host has no templates. */
async function createFirst(): Promise<string | undefined> {
  const templates = await flows.templates();
  const template = templates.ok ? templates.value.templates[0]?.id : undefined;
  const created = await flows.create(template === undefined ? { name: 'Untitled flow' } : { template });
  if (created.ok) return created.value.id;
  say(created.error.message, { tone: 'bad' });
  return undefined;
}

/** For as long as the page lives. */
function listen({ flow, autosave }: Page, open: (id: string) => Promise<boolean>): void {
  const retitle = () => {
    document.title = `${flow.getState().doc.name || 'Untitled flow'} · canvas-memory`;
  };
  retitle();
  flow.subscribe(retitle);
  watchFlow(flow);
  watchFindings(flow);
  addEventListener('hashchange', () => {
    const id = idInAddress();
    if (id !== undefined && id !== flow.getState().id) void open(id);
  });
  addEventListener('online', () => void autosave.flush());
  addEventListener('beforeunload', (event) => {
    const { is } = autosave.status.getState().save;
    if (is !== 'saved' && is !== 'saving') event.preventDefault();
  });
  document.addEventListener('visibilitychange', () => void (document.hidden ? autosave.flush(true) : autosave.lookForChanges()));
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
