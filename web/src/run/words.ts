import type { Step, Usage } from '../api/runs';

/** What a step did, in words: the fact that matters first. */
export function stepWords({ kind }: Step): string {
  switch (kind.step) {
    case 'loaded': {
      const unreadable = kind.unreadable > 0 ? `, ${kind.unreadable} unreadable` : '';
      return kind.messages === 0 ? `${kind.state === 'expired' ? 'Loaded nothing, it has expired' : 'Loaded nothing yet'}${unreadable}` : `Loaded ${count(kind.messages, 'message')}${unreadable}`;
    }
    case 'facts_found':
      if (kind.problem) return 'Could not read the facts';
      return kind.facts.length === 0 ? 'Found no facts' : `Found ${count(kind.facts.length, 'fact')}${kind.left_out ? ', the nearest' : ''}`;
    case 'answered':
      return kind.tool_calls > 0 ? `Model asked for ${count(kind.tool_calls, 'tool')}` : 'Model answered';
    case 'tool_called':
      return kind.ok ? `Called ${kind.tool}` : `Called ${kind.tool}, which failed`;
    case 'stored':
      return kind.duplicate ? 'Was stored already' : 'Stored the turn';
    default:
      // A host that is newer than the page.
      return String((kind as { step: string }).step).replaceAll('_', ' ');
  }
}

/** What else there is to know of a step. */
export function stepHint({ kind }: Step): string | undefined {
  if (kind.step === 'facts_found') return kind.problem ?? undefined;
  return kind.step === 'answered' ? kind.model : undefined;
}

export function hasFailed({ kind }: Step): boolean {
  return (kind.step === 'tool_called' && !kind.ok) || (kind.step === 'facts_found' && kind.problem != null);
}

/** Whatever a step cost, as short words: units, tokens, time. */
export function stepCosts(step: Step): string[] {
  const { kind } = step;
  const tokens = kind.step === 'answered' && kind.input_tokens != null && kind.output_tokens != null ? [`${kind.input_tokens} → ${kind.output_tokens} tokens`] : [];
  return [...usageWords(step.usage), ...tokens, millis(step.took_ms)];
}

/** What the backend charged; nothing where it charged nothing. */
export function usageWords({ read_units, write_units, commands }: Usage): string[] {
  return [
    ...(read_units > 0 ? [count(read_units, 'read unit')] : []),
    ...(write_units > 0 ? [count(write_units, 'write unit')] : []),
    ...(commands > 0 ? [count(commands, 'command')] : []),
  ];
}

export function millis(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 1 ? '< 1 ms' : `${Math.round(ms)} ms`;
}

export function count(number: number, what: string): string {
  const shown = Number.isInteger(number) ? number.toLocaleString('en') : number.toLocaleString('en', { maximumFractionDigits: 2 });
  return `${shown} ${what}${number === 1 ? '' : 's'}`;
}

export function plus(left: Usage, right: Usage): Usage {
  return {
    requests: left.requests + right.requests,
    write_units: left.write_units + right.write_units,
    read_units: left.read_units + right.read_units,
    commands: left.commands + right.commands,
    bytes_sent: left.bytes_sent + right.bytes_sent,
    bytes_received: left.bytes_received + right.bytes_received,
  };
}

export const NO_USAGE: Usage = { requests: 0, write_units: 0, read_units: 0, commands: 0, bytes_sent: 0, bytes_received: 0 };
