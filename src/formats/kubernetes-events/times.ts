import { utcOf } from '../../core/time.ts';

/**
 * The times of a Kubernetes event. Three shapes (reference: section 0.5): core recorders fill
 * first/lastTimestamp to the second, events.k8s.io recorders eventTime to the microsecond, and
 * the Event's name ends in the recorder's nanosecond clock.
 */

/** Before Kubernetes there were no events: such a time is an unset one. */
const earliest = Date.UTC(2014, 0, 1);
const goTime = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d\d)(\d\d)\b/;

/**
 * ms of RFC 3339, UTC without a zone, or of Go's `2026-01-02 03:04:05 +0000 UTC`; null when unset
 * or unreadable.
 */
export function readTime(value: unknown): number | null {
  if (typeof value !== 'string' || value.startsWith('0001-01-01')) return null;
  const go = goTime.exec(value);
  const at = utcOf(go ? `${go[1]}T${go[2]}${go[3]}:${go[4]}` : value);
  return Number.isNaN(at) || at < earliest ? null : at;
}

/** ms of OTLP's nanoseconds, a number in a string. */
export function readNanos(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const at = Math.floor(Number(value) / 1e6);
  return Number.isFinite(at) && at >= earliest ? at : null;
}

/** ms of the clock that ends an Event's name (`<object>.<hex ns>`); null when there is none. */
export function nameClock(name: string): number | null {
  const dot = name.lastIndexOf('.');
  const suffix = name.slice(dot + 1);
  if (dot < 0 || !/^[0-9a-f]{15,16}$/.test(suffix)) return null;
  const at = Number(BigInt(`0x${suffix}`) / 1_000_000n);
  return at >= earliest ? at : null;
}

export interface EventTimes {
  readonly name: string;
  readonly first: number | null;
  readonly last: number | null;
  readonly eventTime: number | null;
  readonly created: number | null;
  readonly seriesLast: number | null;
}

/** When the event began and was last seen; null when it has no time at all. */
export function boundsOf(times: EventTimes): { start: number; end: number } | null {
  const clock = nameClock(times.name);
  let start = times.eventTime ?? times.first ?? clock ?? times.created;
  if (start === null) start = times.last ?? times.seriesLast;
  if (start === null) return null;
  // firstTimestamp is cut to the second: the clock of the same second is finer.
  if (times.eventTime === null && clock !== null && clock >= start && clock - start < 1000) {
    start = clock;
  }
  const end = Math.max(start, times.last ?? 0, times.seriesLast ?? 0, times.eventTime ?? 0);
  return { start, end };
}
