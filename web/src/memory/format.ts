import type { Usage } from '../api/memory';
import { count, plus, usageWords } from '../run/words';
import { relative } from '../text/relative';

const KB = 1_024;
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

const HOUR_SECS = 3_600;

export function number(value: number): string {
  return NUMBER.format(value);
}

/** In the units of backends: 1 KB is 1,024 bytes. */
export function bytes(value: number): string {
  if (value < KB) return count(value, 'byte');
  if (value < KB * KB) return `${number(value / KB)} KB`;
  return `${number(value / KB / KB)} MB`;
}

/** When a session was last written. Layouts that keep no more than the hour tell a full one. */
export function lastActive(epochSecs: number, nowMs: number): string {
  if (epochSecs % HOUR_SECS !== 0) return relative(epochSecs, nowMs);
  if (nowMs / 1_000 - epochSecs < HOUR_SECS) return 'in the last hour';
  const today = new Date(epochSecs * 1_000).toDateString() === new Date(nowMs).toDateString();
  return today ? TIME.formatRange(epochSecs * 1_000, (epochSecs + HOUR_SECS) * 1_000) : relative(epochSecs, nowMs);
}

/** A time of today without its date. */
export function moment(epochSecs: number, nowMs: number): string {
  const at = new Date(epochSecs * 1_000);
  return at.toDateString() === new Date(nowMs).toDateString() ? TIME.format(at) : DATE.format(at);
}

export function date(epochSecs: number): string {
  return DATE.format(epochSecs * 1_000);
}

export function add(left: Usage, right: Usage | undefined): Usage {
  return right ? plus(left, right) : left;
}

/** What is charged: `0.5 read units · 2 write units`, or commands; the requests where nothing else is counted. */
export function charge(usage: Usage): string {
  const words = usageWords(usage);
  return words.length > 0 ? words.join(' · ') : count(usage.requests, 'request');
}
