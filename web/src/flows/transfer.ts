import { flows as api, type ImportReport } from '../api/flows';
import type { Answer, ApiError } from '../api/client';
import type { Page } from '../page';
import { say } from '../ui/toasts';
import { keepReport } from './reports';

const MB = 1024 * 1024;
/** What the host takes. */
const IMPORT_MAX_BYTES = 25 * MB;

/** Saves a flow in a file, with what of it is on the page. Ids of credentials and secrets are not in it. */
export async function exportFlow({ flow, autosave }: Page, id: string): Promise<void> {
  if (id === flow.getState().id) await autosave.flush();
  const answer = await api.export(id);
  if (!answer.ok) {
    say(answer.error.message, { tone: 'bad' });
    return;
  }
  const url = URL.createObjectURL(new Blob([JSON.stringify(answer.value, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${fileName(answer.value.name)}.json`;
  link.click();
  URL.revokeObjectURL(url);
}

/** Makes a new flow of a document of ours or of another canvas, and opens it. Nothing that is there changes. */
export async function importFlow(page: Page, source: File | string): Promise<Answer<ImportReport>> {
  const bytes = typeof source === 'string' ? source.length : source.size;
  if (bytes > IMPORT_MAX_BYTES) {
    return refused(`This is ${Math.round(bytes / MB)} MB; at most ${IMPORT_MAX_BYTES / MB} MB can be imported.`, 'too_large');
  }
  let text: string;
  try {
    text = typeof source === 'string' ? source : await source.text();
  } catch {
    return refused('The browser could not read the file. It may have been moved; choose it again.', 'invalid_input');
  }
  const answer = await api.import(text);
  if (!answer.ok) return answer;
  keepReport(answer.value.id, answer.value.report);
  await page.openFlow(answer.value.id);
  return { ok: true, value: answer.value.report };
}

/** Whether a text looks like a flow, so that pasting it means to import it. */
export function looksLikeFlow(text: string): boolean {
  return /^\s*\{/u.test(text) && /"nodes"\s*:/u.test(text);
}

/** A name for files on every system. */
export function fileName(name: string): string {
  const plain = name.replace(/[^\p{Letter}\p{Number} ._-]+/gu, ' ').replace(/\s+/gu, ' ').replace(/^[\s.]+|[\s.]+$/gu, '');
  return plain.slice(0, 80) || 'flow';
}

function refused(message: string, kind: ApiError['kind']): Answer<never> {
  return { ok: false, error: { kind, message, status: 0 } };
}
