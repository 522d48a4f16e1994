import { parseDecimal } from '../line-samples/decimal.ts';
import type { Label, LineFormat, LineReason, LineSamples } from '../line-samples/line-samples.ts';
import { parseRfc3339 } from '../line-samples/rfc3339.ts';
import { addHistogram, addSummary, type Distribution } from './distribution.ts';

/**
 * Vector's `text` codec (vectordotdev/vector, Display of Metric):
 *
 *     2026-03-01T10:00:00.250Z up{cluster="a b",job="x"} = 1
 */
export const vectorText: LineFormat = { name: 'vector-text', read };

const space = 0x20;
const equals = 0x3d;

function read(into: LineSamples): LineReason | undefined {
  const { bytes, start, end } = into;
  const nameStart = bytes.indexOf(space, start) + 1;
  if (nameStart === 0 || nameStart >= end) return 'not_a_metric';
  const time = parseRfc3339(bytes, start, nameStart - 1);
  if (Number.isNaN(time)) return 'bad_timestamp';
  // A plain value holds no blank, so the last one is in front of it.
  const blank = bytes.lastIndexOf(space, end - 1);
  const keyEnd = blank - 2;
  const plain =
    bytes[keyEnd] === space && bytes[blank - 1] === equals && bytes[keyEnd - 1] === 0x7d;
  const known = plain && keyEnd > nameStart ? into.find(nameStart, keyEnd) : -1;
  if (known < 0) return readNew(into, nameStart, time);
  const value = parseDecimal(bytes, blank + 1, end);
  if (value === undefined) return 'bad_value';
  into.add(known, time, value);
  return undefined;
}

/** A line whose series was not seen yet, or with several values. */
function readNew(into: LineSamples, nameStart: number, time: number): LineReason | undefined {
  const parsed = new NameParser(into.text(nameStart, into.end)).parse();
  if (!parsed) return 'not_a_metric';
  const { labels, rest, keyLength } = parsed;
  if (rest.startsWith(' + ')) return 'incremental';
  if (!rest.startsWith(' = ')) return 'not_a_metric';
  const text = rest.slice(3);
  if (text.startsWith('count=')) return readDistribution(into, labels, text, time);
  const bytes = Buffer.from(text);
  const value = parseDecimal(bytes, 0, bytes.length);
  if (value === undefined) return /^[\d'[]/.test(text) ? 'kind_unsupported' : 'bad_value';
  into.add(into.learn(nameStart, nameStart + keyLength, labels), time, value);
  return undefined;
}

const distribution = /^count=(\d+) sum=(\S+)((?: \S+@\S+)*) ?$/;

function readDistribution(
  into: LineSamples,
  labels: Label[],
  text: string,
  time: number,
): LineReason | undefined {
  const match = distribution.exec(text);
  if (!match) return 'kind_unsupported';
  const pairs = match[3]!.trim().split(' ').filter(Boolean);
  const parts = pairs.map((pair) => pair.split('@').map(numberOf) as [number, number]);
  const whole: Distribution = { count: numberOf(match[1]!), sum: numberOf(match[2]!), parts };
  if (parts.flat().some((part) => Number.isNaN(part))) return 'bad_value';
  // Both print `a@b`: the left side is a count of a histogram, or a quantile of a summary.
  const summary = parts.some(([left]) => !Number.isInteger(left));
  if (summary) addSummary(into, labels, whole, time);
  else addHistogram(into, labels, whole, time);
  return undefined;
}

function numberOf(text: string): number {
  const bytes = Buffer.from(text);
  return parseDecimal(bytes, 0, bytes.length) ?? Number.NaN;
}

interface Parsed {
  readonly labels: Label[];
  /** Behind the closing brace. */
  readonly rest: string;
  /** Bytes of the name and tags. */
  readonly keyLength: number;
}

const word = /[A-Za-z0-9_]+/y;
const unescaped: Record<string, string> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '0': '\0',
  '"': '"',
  '\\': '\\',
  "'": "'",
};

/** `name{tag="value",...}`, where name, namespace and tag names may be in quotes. */
class NameParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Parsed | undefined {
    let name = this.#word();
    // A namespace is printed apart: `"team:a"_up`, `team_"a:up"`.
    while (name !== undefined && this.#text[this.#at] !== '{') {
      const more = this.#word();
      if (more === undefined) return undefined;
      name += more;
    }
    if (!name || !this.#skip('{')) return undefined;
    const labels: Label[] = [['__name__', name]];
    if (!this.#skip('}')) {
      do {
        const tag = this.#word();
        if (tag === undefined) return undefined;
        const value = this.#skip('=') ? this.#quoted() : '';
        if (value === undefined) return undefined;
        labels.push([tag, value]);
      } while (this.#skip(','));
      if (!this.#skip('}')) return undefined;
    }
    const rest = this.#text.slice(this.#at);
    return { labels, rest, keyLength: Buffer.byteLength(this.#text.slice(0, this.#at)) };
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #word(): string | undefined {
    if (this.#text[this.#at] === '"') return this.#quoted();
    word.lastIndex = this.#at;
    const match = word.exec(this.#text);
    if (match) this.#at = word.lastIndex;
    return match?.[0];
  }

  #quoted(): string | undefined {
    if (!this.#skip('"')) return undefined;
    let out = '';
    for (;;) {
      const start = this.#at;
      while (this.#at < this.#text.length && !'"\\'.includes(this.#text[this.#at]!)) this.#at++;
      out += this.#text.slice(start, this.#at);
      if (this.#skip('"')) return out;
      if (!this.#skip('\\')) return undefined;
      const escaped = this.#escaped();
      if (escaped === undefined) return undefined;
      out += escaped;
    }
  }

  #escaped(): string | undefined {
    const character = this.#text[this.#at++] ?? '';
    if (character !== 'u') return unescaped[character];
    const match = /^\{([0-9a-f]{1,6})\}/i.exec(this.#text.slice(this.#at, this.#at + 8));
    const code = match ? Number.parseInt(match[1]!, 16) : Number.NaN;
    if (!match || code > 0x10ffff) return undefined;
    this.#at += match[0].length;
    return String.fromCodePoint(code);
  }
}
