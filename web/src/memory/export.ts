import type { StoredTurn } from '../api/memory';
import { argumentsOf, itemsOf, roleOf, textOf } from './messages';

/** A whole session, as it goes into a file. It holds the conversation and nothing of the node or its credential. */
export interface Exported {
  session: string;
  turns: readonly StoredTurn[];
}

export type ExportFormat = 'json' | 'markdown';

export function toJson({ session, turns }: Exported): string {
  return `${JSON.stringify({ session, turns }, null, 2)}\n`;
}

export function toMarkdown({ session, turns }: Exported): string {
  const lines = [`# ${session}`];
  for (const item of itemsOf(turns)) {
    const { turn, turnAt, message, calls, opensTurn } = item;
    if (opensTurn) lines.push(`## Turn ${turnAt + 1}${turn.stored_at_epoch_secs ? ` · ${isoDate(turn.stored_at_epoch_secs)}` : ''}`);
    lines.push(`**${roleOf(message)}${message.name ? ` (${message.name})` : ''}**`);
    const text = textOf(message);
    if (text !== '') lines.push(text);
    for (const { call, result } of calls) {
      lines.push(`Called \`${call.name}\`:`, fenced(argumentsOf(call)));
      if (result) lines.push('It gave:', fenced(textOf(result.message)));
    }
  }
  return `${lines.join('\n\n')}\n`;
}

export function fileName(session: string, format: ExportFormat): string {
  const stem = session.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|-+$/gu, '').slice(0, 80) || 'session';
  return `${stem}.${format === 'json' ? 'json' : 'md'}`;
}

/** Hands a file to the person. */
export function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function isoDate(epochSecs: number): string {
  return `${new Date(epochSecs * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
