/** What a time column may hold, from its first usable cell on. */
export type Clock = 'text' | 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds' | 'index';

const clock = String.raw`(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d(?:[.,]\d+)?))?)?`;
const plain = new RegExp(
  String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})${clock}\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$`,
  'i',
);
const american = new RegExp(String.raw`^(\d{1,2})/(\d{1,2})/(\d{4})${clock}\s*([AP]M)?$`, 'i');
const german = new RegExp(String.raw`^(\d{1,2})\.(\d{1,2})\.(\d{4})${clock}$`, 'i');
/** Digits alone: of these centuries, so that no counter of seconds or ms is meant. */
const digits = /^((?:19|20)\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?$/;

/**
 * ms since the epoch of a time as text: RFC 3339, the same with a blank, slashes or dots, without a
 * zone (read as UTC), month/day/year, day.month.year, or digits alone. NaN for anything else.
 */
export function parseMoment(cell: string): number {
  const iso = plain.exec(cell);
  if (iso) return moment(iso[1]!, iso[2]!, iso[3]!, iso[4], iso[5], iso[6]) - zone(iso[7]);
  const us = american.exec(cell);
  if (us) return moment(us[3]!, us[1]!, us[2]!, us[4], us[5], us[6], us[7]);
  const de = german.exec(cell);
  if (de) return moment(de[3]!, de[2]!, de[1]!, de[4], de[5], de[6]);
  const run = digits.exec(cell);
  return run ? moment(run[1]!, run[2]!, run[3]!, run[4], run[5], run[6]) : Number.NaN;
}

function moment(
  y: string,
  m: string,
  d: string,
  hh = '0',
  mm = '0',
  ss = '0',
  half?: string,
): number {
  const [month, day, minute, second] = [+m, +d, +mm, +ss.replace(',', '.')];
  const hour = half === undefined ? +hh : (+hh % 12) + (/p/i.test(half) ? 12 : 0);
  if (month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN;
  if (hour > 24 || minute > 59 || second > 60) return Number.NaN;
  return Date.UTC(+y, month - 1, day, hour, minute, 0) + Math.round(second * 1000);
}

function zone(text = 'Z'): number {
  if (/^[zug]/i.test(text)) return 0;
  const minutes = +text.slice(1, 3) * 60 + (text.length > 3 ? +text.slice(-2) : 0);
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** What the first cell of a time column says about the column; undefined when it is no time. */
export function clockOf(cell: string): Clock | undefined {
  if (!Number.isNaN(parseMoment(cell))) return 'text';
  const number = cell === '' ? Number.NaN : Number(cell);
  if (!Number.isFinite(number) || number < 0) return undefined;
  if (number < 1e7) return 'index';
  if (number < 1e11) return 'seconds';
  if (number < 1e14) return 'milliseconds';
  return number < 1e17 ? 'microseconds' : 'nanoseconds';
}

const msPer = { seconds: 1000, milliseconds: 1, microseconds: 1e-3, nanoseconds: 1e-6 };

/** ms since the epoch of a cell; row numbers are `indexMs` apart. NaN when it is no time. */
export function momentOf(cell: string, clock: Clock, indexMs: number): number {
  if (clock === 'text') return parseMoment(cell);
  const number = cell === '' ? Number.NaN : Number(cell);
  if (!Number.isFinite(number)) return Number.NaN;
  return clock === 'index' ? number * indexMs : Math.round(number * msPer[clock]);
}
