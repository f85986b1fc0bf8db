import { flows as api, isReadable, type FlowRecord, type ReadableFlow } from '../api/flows';
import type { ApiError } from '../api/client';
import type { Page } from '../page';
import { forgetReport } from './reports';

/** Each returns what went wrong, or nothing. */
type Outcome = Promise<ApiError | undefined>;

export async function createFlow(page: Page, from: { name?: string; template?: string }): Outcome {
  const answer = await api.create(from);
  if (!answer.ok) return answer.error;
  await page.openFlow(answer.value.id);
  return undefined;
}

export async function renameFlow({ flow, autosave }: Page, id: string, name: string): Outcome {
  if (id === flow.getState().id) {
    flow.commands.renameFlow(name);
    await autosave.flush();
    return undefined;
  }
  const found = await read(id);
  if ('kind' in found) return found;
  const answer = await api.save(id, { ...found.flow, name }, found.etag);
  return answer.ok ? undefined : answer.error;
}

/** Makes a copy beside it; the copy keeps the credentials. */
export async function duplicateFlow(page: Page, id: string): Outcome {
  if (id === page.flow.getState().id) await page.autosave.flush();
  const found = await read(id);
  if ('kind' in found) return found;
  const answer = await api.create({ name: `${found.flow.name || 'Untitled flow'} copy`, flow: found.flow });
  if (!answer.ok) return answer.error;
  await page.openFlow(answer.value.id);
  return undefined;
}

/** Deletes a flow; where it is the one that is open, another one is opened first. */
export async function deleteFlow(page: Page, id: string, others: readonly ReadableFlow[]): Outcome {
  if (id === page.flow.getState().id) {
    const next = others.find((other) => other.id !== id);
    if (next) {
      if (!(await page.openFlow(next.id))) return undefined;
    } else {
      const error = await createFlow(page, { name: 'Untitled flow' });
      if (error) return error;
    }
  }
  const answer = await api.remove(id);
  if (answer.ok) forgetReport(id);
  return answer.ok || answer.error.status === 404 ? undefined : answer.error;
}

/** The flows that can be opened, newest first, and those that can't. */
export async function listFlows() {
  const answer = await api.list();
  if (!answer.ok) return answer;
  const { flows } = answer.value;
  return {
    ok: true as const,
    value: {
      readable: flows.filter(isReadable).sort((left, right) => right.updated.localeCompare(left.updated)),
      unreadable: flows.flatMap((entry) => (isReadable(entry) ? [] : [entry])),
    },
  };
}

async function read(id: string): Promise<FlowRecord | ApiError> {
  const answer = await api.get(id);
  if (!answer.ok) return answer.error;
  return answer.value ?? { kind: 'unknown_answer', status: 304, message: 'The host sent no flow.' };
}
