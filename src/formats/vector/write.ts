import { formatDecimal } from '../line-samples/decimal.ts';
import type { Label } from '../line-samples/line-samples.ts';
import { formatRfc3339 } from '../line-samples/rfc3339.ts';

/** One sample as Vector's `text` codec prints it. */
export function writeVectorText(labels: readonly Label[], timeMs: number, value: number): string {
  const { name, tags } = split(labels);
  const printed = tags.map(([tag, text]) => `${word(tag)}=${quoted(text)}`).join(',');
  return `${formatRfc3339(timeMs)} ${word(name)}{${printed}} = ${float(value)}`;
}

/** One sample as Vector's `json` codec writes a gauge; NaN and infinities become null. */
export function writeVectorJson(labels: readonly Label[], timeMs: number, value: number): string {
  const { name, tags } = split(labels);
  const head = `{"name":${JSON.stringify(name)}`;
  const pairs = tags.map(([tag, text]) => `${JSON.stringify(tag)}:${JSON.stringify(text)}`);
  const middle = tags.length === 0 ? '' : `,"tags":{${pairs.join(',')}}`;
  const stamp = `,"timestamp":"${formatRfc3339(timeMs)}","kind":"absolute"`;
  return `${head}${middle}${stamp},"gauge":{"value":${jsonFloat(value)}}}`;
}

function split(labels: readonly Label[]): { name: string; tags: Label[] } {
  const tags = labels.filter(([label]) => label !== '__name__');
  tags.sort(([a], [b]) => (a < b ? -1 : 1));
  return { name: labels.find(([label]) => label === '__name__')?.[1] ?? '', tags };
}

const word = (text: string): string => (/^[A-Za-z0-9_]+$/.test(text) ? text : quoted(text));

const named: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
};
// Rust's escape_debug: quotes, backslash, and what does not print or joins to what is before it.
const hidden = /["\\]|(?! )[\p{C}\p{Z}\p{Grapheme_Extend}]/gu;

function quoted(text: string): string {
  const escaped = text.replace(
    hidden,
    (character) => named[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
  return `"${escaped}"`;
}

function float(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return formatDecimal(value);
}

/** serde_json prints floats with a point, and exponents as ryu does: 1e21, 1e-7. */
function jsonFloat(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e16)) {
    return value
      .toExponential()
      .replace('e+', 'e')
      .replace(/^(-?\d)e/, '$1e');
  }
  const text = formatDecimal(value);
  return text.includes('.') ? text : `${text}.0`;
}
