const zero = 48;
const dayMs = 86_400_000;

/** Days from 1970-01-01 to the given day of the proleptic Gregorian calendar. */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const ofEraDays = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear;
  return era * 146_097 + ofEraDays - 719_468;
}

/**
 * ms since the epoch of `2026-03-01T10:00:00.25Z` in bytes[start, end): UTC, any digits of the
 * second (cut to ms). NaN where it is anything else.
 */
export function parseRfc3339(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 20 || bytes[end - 1] !== 0x5a) return Number.NaN;
  const year = two(bytes, start) * 100 + two(bytes, start + 2);
  const month = two(bytes, start + 5);
  const day = two(bytes, start + 8);
  const hour = two(bytes, start + 11);
  const minute = two(bytes, start + 14);
  const second = two(bytes, start + 17);
  const shape =
    bytes[start + 4] === 0x2d &&
    bytes[start + 7] === 0x2d &&
    bytes[start + 10] === 0x54 &&
    bytes[start + 13] === 0x3a &&
    bytes[start + 16] === 0x3a;
  if (!shape || month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN;
  const ms = end - start === 20 ? 0 : fraction(bytes, start + 19, end - 1);
  const days = daysOf(year, month, day);
  return days * dayMs + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - zero;
  const ones = bytes[at + 1]! - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function fraction(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== 0x2e || end - start < 2) return Number.NaN;
  let ms = 0;
  for (let i = start + 1, unit = 100; i < end; i++, unit /= 10) {
    const digit = bytes[i]! - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    if (unit >= 1) ms += digit * unit;
  }
  return ms;
}

/** RFC 3339 in UTC with no fraction on a whole second and three digits else. */
export function formatRfc3339(ms: number): string {
  const text = new Date(ms).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text;
}
