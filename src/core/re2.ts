import { SeastateError } from './errors.ts';
import { tameRegExp } from './tame-regexp.ts';

/**
 * Go's regular expressions (https://github.com/google/re2/wiki/Syntax) as JavaScript's, so that a
 * matcher means what it means in Prometheus. What RE2 has not (look-around, backreferences) is
 * refused, and what the two spell differently is rewritten; refused are also the few patterns that
 * V8 could not match in reasonable time (tame-regexp.ts).
 */
export function compileRe2(pattern: string): RegExp {
  const isUnicode = needsCodePoints.test(pattern);
  const shape = new Translator(pattern, true).translate();
  const source = isUnicode ? shape : new Translator(pattern, false).translate();
  return tameRegExp(`^(?:${source})$`, isUnicode ? 'su' : 's', shape);
}

/**
 * V8's linear engine knows no code points, classes of them and flags within; what can do without is
 * spelt in UTF-16.
 */
const needsCodePoints = /[^\0-\x7f]|\\[pP]|\\x\{|\(\?[is-]|\[[^\]]*\\[DSW]/;

const refuse = (what: string): SeastateError => new SeastateError('usage', `regex: ${what}`);

const posixClasses: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

const repeatMax = 1000;
const escaped = (text: string): string => text.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&');
const escapedInClass = (char: string): string => escaped(char).replace('-', '\\-');

/** One code point that is none of `members`, in UTF-16. */
const anyBut = (members: string): string =>
  `(?:[\\ud800-\\udbff][\\udc00-\\udfff]|[^${members}\\ud800-\\udfff])`;

class Translator {
  readonly #text: string;
  readonly #isUnicode: boolean;
  #at = 0;
  #out = '';
  /** Closing parentheses to write at the end of each open group. */
  readonly #closers: number[] = [1];
  #atGroupStart = true;

  constructor(text: string, isUnicode: boolean) {
    this.#text = text;
    this.#isUnicode = isUnicode;
  }

  translate(): string {
    while (this.#at < this.#text.length) {
      const start = this.#atGroupStart;
      this.#atGroupStart = false;
      this.#token(start);
    }
    return this.#out + ')'.repeat(this.#closers[0]! - 1);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern.source, 'yus');
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#text);
    if (match) this.#at = sticky.lastIndex;
    return match;
  }

  #token(groupStart: boolean): void {
    const repeat = this.#take(/\{(\d+)(?:,(\d*))?\}/);
    if (repeat) {
      if (Math.max(Number(repeat[1]), Number(repeat[2] || 0)) > repeatMax) {
        throw refuse(`repetition ${repeat[0]} is above ${repeatMax}`);
      }
      this.#out += repeat[0];
      return;
    }
    const char = this.#take(/./)![0];
    if (char === '\\') this.#out += this.#escape(false);
    else if (char === '[') this.#class();
    else if (char === '(') this.#open(groupStart);
    else if (char === ')') {
      this.#out += ')'.repeat(this.#closers.pop() ?? 1);
      if (this.#closers.length === 0) throw refuse('unexpected ")"');
    } else if (char === '.' && !this.#isUnicode) this.#out += anyBut('');
    else if (char === '{' || char === '}' || char === ']') this.#out += `\\${char}`;
    else this.#out += char;
  }

  #open(groupStart: boolean): void {
    const name = this.#take(/\?P?<([A-Za-z_]\w*)>/);
    if (name || this.#take(/\?:/)) {
      this.#out += name ? `(?<${name[1]}>` : '(?:';
    } else {
      const flags = this.#take(/\?([is]*(?:-[is]+)?)(:|\))/);
      if (flags && flags[2] === ')') {
        this.#flagsForRest(flags[1]!, groupStart);
        return;
      }
      if (!flags && this.#text[this.#at] === '?') {
        throw refuse(`"(${this.#text.slice(this.#at, this.#at + 3)}" is not supported`);
      }
      this.#out += flags ? `(?${flags[1]}:` : '(';
    }
    this.#closers.push(1);
    this.#atGroupStart = true;
  }

  #flagsForRest(flags: string, groupStart: boolean): void {
    if (!groupStart) throw refuse(`write (?${flags}:...) where flags do not start a group`);
    this.#out += `(?${flags}:`;
    this.#closers[this.#closers.length - 1]! += 1;
    this.#atGroupStart = true;
  }

  /** What follows a backslash. */
  #escape(inClass: boolean): string {
    const char = this.#take(/./)?.[0];
    if (char === undefined) throw refuse('trailing backslash');
    if ('DW'.includes(char) && !inClass) return this.#outside(`\\${char.toLowerCase()}`);
    if ('dDwWfnrtv'.includes(char)) return `\\${char}`;
    if (char === 's') return inClass ? '\\t\\n\\f\\r ' : '[\\t\\n\\f\\r ]';
    if (char === 'S' && !inClass) return this.#outside('\\t\\n\\f\\r ');
    if (!inClass && (char === 'b' || char === 'B')) return `\\${char}`;
    if (!inClass && (char === 'A' || char === 'z')) return char === 'A' ? '^' : '$';
    if (char === 'a') return '\\x07';
    if (char === 'x') return this.#hex();
    if (char === 'p' || char === 'P') return this.#property(char);
    if (char === 'Q') return escaped(this.#take(/(.*?)(?:\\E|$)/)![1]!);
    if (/[0-9A-Za-z]/.test(char)) throw refuse(`"\\${char}" is not supported`);
    return inClass ? escapedInClass(char) : escaped(char);
  }

  #hex(): string {
    const hex = this.#take(/([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\}/);
    if (!hex) throw refuse('"\\x" needs two hex digits or {...}');
    return hex[1] ? `\\x${hex[1]}` : `\\u{${hex[2]}}`;
  }

  #property(char: string): string {
    const name = this.#take(/([A-Z])|\{([A-Za-z_]+)\}/);
    const value = name?.[1] ?? name?.[2];
    if (value === undefined) throw refuse(`"\\${char}" needs a class such as ${char}L`);
    return value.length <= 2 ? `\\${char}{${value}}` : `\\${char}{Script=${value}}`;
  }

  #outside(members: string): string {
    return this.#isUnicode ? `[^${members}]` : anyBut(members);
  }

  /** A bracket expression; the `[` is taken. */
  #class(): void {
    const isOutside = this.#take(/\^/) !== null;
    let members = '';
    for (let first = true; ; first = false) {
      if (this.#at >= this.#text.length) throw refuse('missing closing ]');
      if (!first && this.#take(/\]/)) break;
      const posix = this.#take(/\[:(\^?)(\w+):\]/);
      if (posix) {
        const known = posixClasses[posix[2]!];
        if (posix[1] || !known) throw refuse(`class ${posix[0]} is not supported`);
        members += known;
        continue;
      }
      const from = this.#member();
      const isRange = from.single && this.#take(/-(?!\])/);
      members += from.text;
      if (isRange) members += `-${this.#member().text}`;
    }
    this.#out += isOutside ? this.#outside(members) : `[${members}]`;
  }

  #member(): { text: string; single: boolean } {
    const char = this.#take(/./)![0];
    if (char !== '\\') return { text: escapedInClass(char), single: true };
    const text = this.#escape(true);
    return { text, single: !/^\\[dDwWSpP]|^\\t\\n/.test(text) };
  }
}
