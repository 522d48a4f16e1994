import { messageOf, SeastateError } from './errors.ts';

/**
 * Go's regular expressions (https://github.com/google/re2/wiki/Syntax) as JavaScript's, so that a
 * matcher means what it means in Prometheus. What RE2 has not (look-around, backreferences) is
 * refused, and what the two spell differently is rewritten. V8 backtracks where RE2 does not: a
 * pattern comes from whoever writes the settings, and is trusted to be sane.
 */
export function compileRe2(pattern: string): RegExp {
  let source: string;
  try {
    source = new Translator(pattern).translate();
    return new RegExp(`^(?:${source})$`, 'su');
  } catch (error) {
    if (error instanceof SeastateError) throw error;
    throw refuse(messageOf(error).replace(/^Invalid regular expression: .*: /, ''));
  }
}

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

class Translator {
  readonly #text: string;
  #at = 0;
  #out = '';
  /** Closing parentheses to write at the end of each open group. */
  readonly #closers: number[] = [1];
  #atGroupStart = true;

  constructor(text: string) {
    this.#text = text;
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
    } else if (char === '{' || char === '}' || char === ']') this.#out += `\\${char}`;
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
    if ('dDwWfnrtv'.includes(char)) return `\\${char}`;
    if (char === 's') return inClass ? '\\t\\n\\f\\r ' : '[\\t\\n\\f\\r ]';
    if (char === 'S' && !inClass) return '[^\\t\\n\\f\\r ]';
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
    return `\\u{${hex[1] ?? hex[2]}}`;
  }

  #property(char: string): string {
    const name = this.#take(/([A-Z])|\{([A-Za-z_]+)\}/);
    const value = name?.[1] ?? name?.[2];
    if (value === undefined) throw refuse(`"\\${char}" needs a class such as ${char}L`);
    return value.length <= 2 ? `\\${char}{${value}}` : `\\${char}{Script=${value}}`;
  }

  /** A bracket expression; the `[` is taken. */
  #class(): void {
    this.#out += this.#take(/\^/) ? '[^' : '[';
    for (let first = true; ; first = false) {
      if (this.#at >= this.#text.length) throw refuse('missing closing ]');
      if (!first && this.#take(/\]/)) break;
      const posix = this.#take(/\[:(\^?)(\w+):\]/);
      if (posix) {
        const members = posixClasses[posix[2]!];
        if (posix[1] || !members) throw refuse(`class ${posix[0]} is not supported`);
        this.#out += members;
        continue;
      }
      const from = this.#member();
      const isRange = from.single && this.#take(/-(?!\])/);
      this.#out += from.text;
      if (isRange) this.#out += `-${this.#member().text}`;
    }
    this.#out += ']';
  }

  #member(): { text: string; single: boolean } {
    const char = this.#take(/./)![0];
    if (char !== '\\') return { text: escapedInClass(char), single: true };
    const text = this.#escape(true);
    return { text, single: !/^\\[dDwWSpP]|^\\t\\n/.test(text) };
  }
}
