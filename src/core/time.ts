import { SeastateError } from './errors.ts';

/** Length of a tick of log time, in ms (DESIGN: tick = floor(log time / 5 s)). */
export const tickMs = 5_000;

/** The tick that a log time (ms since the epoch) falls into. */
export function tickOf(logTimeMs: number): number {
  return Math.floor(logTimeMs / tickMs);
}

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a duration such as `30s`, `1h30m`, `7d`; a bare number is refused. */
export function parseDuration(text: string): number {
  const pattern = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/y;
  let total = 0;
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) break;
    total += Number(match[1]) * unitMs[match[2]!]!;
    at = pattern.lastIndex;
  }
  if (at === 0 || at < text.length) {
    throw new SeastateError('usage', `"${text}" is not a duration: write it like 30s, 5m or 1h30m`);
  }
  return total;
}

/** ISO 8601 as the language has it. */
const iso =
  /^(?:\d{4}|(?!-000000)[+-]\d{6})(?:-\d\d(?:-\d\d)?)?(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/i;
/** What `toUTCString` writes. */
const utcText = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} -?\d{4,} \d\d:\d\d:\d\d GMT$/;
const parseNative = Date.parse;

/**
 * ms of a text whatever the time zone of the machine: ISO 8601, UTC where no zone is named, or what
 * `toUTCString` writes. NaN for any other, of which Date.parse would make a local time.
 */
export function utcOf(text: string): number {
  const match = iso.exec(text);
  if (match) return parseNative(match[1] && !match[2] ? `${text}Z` : text);
  return utcText.test(text) ? parseNative(text) : Number.NaN;
}

/**
 * A moment as users write it: RFC 3339, unix seconds, `now`, or `-1h` before `nowMs`.
 * Returns ms since the epoch.
 */
export function parseTime(text: string, nowMs: number): number {
  if (text === 'now') return nowMs;
  if (text.startsWith('-')) return nowMs - parseDuration(text.slice(1));
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const parsed = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(parsed)) {
    throw new SeastateError(
      'usage',
      `"${text}" is not a time: write RFC 3339 (2026-03-01T10:00:00Z), unix seconds, now, or -1h`,
    );
  }
  return parsed;
}
