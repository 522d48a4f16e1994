const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (value: number | undefined): string =>
  value === undefined ? '–' : compact.format(value);

/** `2026-03-01 10:00:05`, in UTC or local time. */
export function moment(iso: string, zone: 'utc' | 'local'): string {
  const date = new Date(iso);
  const shifted =
    zone === 'utc' ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60e3);
  return shifted.toISOString().slice(0, 19).replace('T', ' ');
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
