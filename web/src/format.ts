const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (value: number | undefined): string =>
  value === undefined ? '–' : compact.format(value);

export type Zone = 'utc' | 'local';

/** `2026-03-01 10:00:05`, in UTC or local time. */
export function moment(ms: number, zone: Zone): string {
  const shift = zone === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * 60e3;
  return new Date(ms - shift).toISOString().slice(0, 19).replace('T', ' ');
}

/** The same, without the day where that is today. */
export function shortMoment(ms: number, zone: Zone, nowMs: number): string {
  const [day, time] = moment(ms, zone).split(' ') as [string, string];
  return moment(nowMs, zone).startsWith(day) ? time : `${day.slice(5)} ${time.slice(0, 5)}`;
}

/** `3d 4h`, `12m 5s`: the two largest units. */
export function duration(ms: number): string {
  let seconds = Math.max(0, Math.round(ms / 1000));
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const n = Math.floor(seconds / size);
    seconds -= n * size;
    if (n > 0 || (unit === 's' && parts.length === 0)) parts.push(`${n}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

const digits = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** A value of a series, short. */
export const value = (x: number | null): string => (x === null ? '–' : digits.format(x));

const yearDays = 365.25;
const rareDaysMax = 36_500;

/** How often chance alone makes one like it: `once in 12 days`. */
export function rarity(days: number | null): string {
  if (days === null) return '';
  if (days >= rareDaysMax) return 'once in 100 years or less';
  if (days >= yearDays) return `once in ${digits.format(days / yearDays)} years`;
  return days >= 1 ? `once in ${digits.format(days)} days` : 'more than once a day';
}
