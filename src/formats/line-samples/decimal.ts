const exactPowers = Array.from({ length: 23 }, (_, i) => 10 ** i);
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The number in bytes[start, end): decimal digits, with or without exponent; `NaN`, `inf`, `Inf`,
 * `+Inf`, `-inf`. Undefined where it is none.
 */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number | undefined {
  let at = start;
  const negative = bytes[at] === 0x2d;
  if (negative) at++;
  // Up to 15 digits and 22 places are exact in one division (Clinger's fast path).
  let digits = 0;
  let places = -1;
  const first = at;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0x2e && places < 0) places = end - at - 1;
    else if (byte >= 48 && byte <= 57) digits = digits * 10 + (byte - 48);
    else break;
  }
  if (at === end && end - first <= 16 && end - first > (places < 0 ? 0 : 1)) {
    const value = places > 0 ? digits / exactPowers[places]! : digits;
    return negative ? -value : value;
  }
  return parseSlowly(Buffer.from(bytes.subarray(start, end)).toString('latin1'));
}

function parseSlowly(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  const word = text.toLowerCase();
  if (word === 'nan') return Number.NaN;
  if (word === 'inf' || word === '+inf') return Number.POSITIVE_INFINITY;
  return word === '-inf' ? Number.NEGATIVE_INFINITY : undefined;
}

/** Shortest digits of a finite number, never an exponent, with the sign of zero. */
export function formatDecimal(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, sign, head, tail = '', exponent] = match;
  const digits = head! + tail;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
