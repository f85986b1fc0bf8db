import type { Capabilities, Fill, Usage } from '../api/memory';
import { bytes, charge, number } from './format';

const READ_UNIT_BYTES = 4 * 1_024;
const WRITE_UNIT_BYTES = 1_024;

/** What is known of a session's cost. */
export interface Known {
  capabilities: Capabilities | undefined;
  /** What the newest turn has cost, load and append together. */
  lastTurn: Usage | undefined;
  /** The session's one item, in layouts that keep it in one. */
  fill: Fill | undefined;
  /** How much a turn adds, on average. */
  turnBytes: number;
  /** Whether the backend charges by units, as reading has shown. */
  chargesUnits: boolean;
}

/** What the next turn will cost, as far as that can be known; a sentence. */
export function nextTurn({ capabilities, lastTurn, fill, turnBytes, chargesUnits }: Known): string | undefined {
  if (fill && capabilities?.flat_cost !== true) {
    const size = `the session is one item of ${bytes(fill.bytes)}, and each turn writes all of it again`;
    if (!chargesUnits) return `More with each turn: ${size}.`;
    const read = Math.max(1, Math.ceil(fill.bytes / READ_UNIT_BYTES));
    const write = Math.max(1, Math.ceil((fill.bytes + turnBytes) / WRITE_UNIT_BYTES));
    return `About ${number(read)} read and ${number(write)} write units: ${size}.`;
  }
  if (!lastTurn) return undefined;
  if (capabilities?.flat_cost === true) return `About ${charge(lastTurn)}, as the last one: the cost does not grow with the session.`;
  return `A little more than the last one, which took ${charge(lastTurn)}.`;
}

/** The price of reading on, from what reading has cost so far. */
export function priceOf(wanted: number, usage: Usage | undefined, had: number): string | undefined {
  if (!usage || had === 0) return undefined;
  const scale = wanted / had;
  const scaled = {
    ...usage,
    read_units: half(usage.read_units * scale),
    write_units: half(usage.write_units * scale),
    commands: Math.ceil(usage.commands * Math.max(1, scale)),
  };
  return `about ${charge(scaled)}`;
}

function half(units: number): number {
  return units === 0 ? 0 : Math.max(0.5, Math.round(units * 2) / 2);
}
