import { SeastateError } from './errors.ts';
import { compileRe2 } from './re2.ts';

/**
 * Matchers of series, as in Prometheus: `name{label="x",other=~"a|b"}`, names that are not plain
 * in quotes: `{"http.requests","k8s.pod"!=""}`. `{}` matches everything. Regular expressions are
 * anchored at both ends.
 */
export type MatcherOp = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly name: string;
  readonly op: MatcherOp;
  readonly value: string;
  /** Whether a label's value (an absent label's is '') satisfies the matcher. */
  readonly test: (value: string) => boolean;
}

/** Throws `usage` with a message that names the column. */
export function parseSelector(text: string): Matcher[] {
  return new SelectorParser(text).parse();
}

export function matchLabels(
  matchers: readonly Matcher[],
  get: (name: string) => string | undefined,
): boolean {
  for (const matcher of matchers) if (!matcher.test(get(matcher.name) ?? '')) return false;
  return true;
}

/** The canonical text: one spelling for equal matchers in equal order. */
export function formatSelector(matchers: readonly Matcher[]): string {
  const parts = matchers.map(
    ({ name, op, value }) => `${isPlain(name) ? name : JSON.stringify(name)}${op}${quote(value)}`,
  );
  return `{${parts.join(',')}}`;
}

export function matcher(name: string, op: MatcherOp, value: string): Matcher {
  return { name, op, value, test: tester(op, value) };
}

const isPlain = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
const quote = (value: string): string => JSON.stringify(value);

function tester(op: MatcherOp, value: string): (value: string) => boolean {
  if (op === '=') return (given) => given === value;
  if (op === '!=') return (given) => given !== value;
  // Most patterns are lists of names: a set is faster than the best regex.
  if (/^[\w:,/ |-]*$/.test(value)) {
    const names = new Set(value.split('|'));
    return op === '=~' ? (given) => names.has(given) : (given) => !names.has(given);
  }
  const regex = compileRe2(value);
  return op === '=~' ? (given) => regex.test(given) : (given) => !regex.test(given);
}

const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

class SelectorParser {
  readonly #text: string;
  readonly #matchers: Matcher[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Matcher[] {
    const name = this.#take(/[A-Za-z_:][A-Za-z0-9_:]*/);
    if (name) this.#metric(name);
    if (this.#take(/\{/)) this.#braces();
    else if (!name) this.#fail('expected a metric name or {');
    if (this.#at < this.#text.length) this.#fail('expected the end');
    return this.#matchers;
  }

  #metric(name: string): void {
    if (this.#matchers.some((other) => other.name === '__name__' && other.op === '=')) {
      this.#fail('the metric name is given twice');
    }
    this.#matchers.push(matcher('__name__', '=', name));
  }

  #braces(): void {
    while (!this.#take(/\}/)) {
      this.#pair();
      if (!this.#take(/,/)) {
        if (!this.#take(/\}/)) this.#fail('expected , or }');
        return;
      }
    }
  }

  #pair(): void {
    const start = this.#at;
    const quoted = this.#string();
    const name = quoted ?? this.#take(/[A-Za-z_][A-Za-z0-9_]*/);
    if (name === undefined || name === '') this.#fail('expected a label name', start);
    const op = this.#take(/=~|!~|!=|=/) as MatcherOp | undefined;
    if (op === undefined) {
      if (quoted === undefined) this.#fail('expected =, !=, =~ or !~');
      this.#metric(quoted);
      return;
    }
    const valueStart = this.#at;
    const value = this.#string();
    if (value === undefined) this.#fail('expected a string in quotes');
    try {
      this.#matchers.push(matcher(name, op, value));
    } catch (error) {
      this.#fail((error as Error).message, valueStart);
    }
  }

  #string(): string | undefined {
    const start = this.#at;
    const raw = this.#take(/`[^`]*`/);
    if (raw !== undefined) return raw.slice(1, -1);
    const quoted = this.#take(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/);
    if (quoted === undefined) {
      if (/["'`]/.test(this.#text[this.#at] ?? '')) this.#fail('unterminated string');
      return undefined;
    }
    return quoted
      .slice(1, -1)
      .replace(
        /\\(?:x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|(.))/gu,
        (all, ...groups) => {
          const [x, u, long, char] = groups as (string | undefined)[];
          if (char === undefined) return String.fromCodePoint(Number.parseInt(x ?? u ?? long!, 16));
          return escapes[char] ?? this.#fail(`unknown escape ${all}`, start);
        },
      );
  }

  /** Takes the pattern here and the white space behind it. */
  #take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(`\\s*(${pattern.source})\\s*`, 'yu');
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#text);
    if (!match) return undefined;
    this.#at = sticky.lastIndex;
    return match[1]!;
  }

  #fail(what: string, at = this.#at): never {
    const near = this.#text.slice(at, at + 12);
    const found = near === '' ? 'the end' : JSON.stringify(near);
    throw new SeastateError(
      'usage',
      `selector ${JSON.stringify(this.#text)}, column ${at + 1}: ${what}, at ${found}`,
    );
  }
}
