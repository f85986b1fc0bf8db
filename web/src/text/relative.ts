const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `in 6 days`, `2 hours ago`, `just now`. */
export function relative(epochSecs: number, nowMs: number): string {
  const secs = epochSecs - nowMs / 1_000;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(secs) >= length) ?? [];
  if (unit === undefined || size === undefined) return secs > 0 ? 'in less than a minute' : 'just now';
  return RELATIVE.format(Math.trunc(secs / size), unit);
}

/** How long ago a time was that the host wrote. */
export function ago(time: string, nowMs = Date.now()): string {
  const ms = Date.parse(time);
  // Clocks differ a little, and nothing was changed in the future.
  return Number.isFinite(ms) ? relative(Math.min(ms, nowMs) / 1_000, nowMs) : 'at an unknown time';
}
