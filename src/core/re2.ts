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
 * V8's linear engine knows no code points, classes of them and flags; what can do without is spelt
 * in UTF-16, each letter of ASCII in both cases where case does not count.
 */
const needsCodePoints = /[^\0-\x7f]|\\[pP]|\\x[{89a-fA-F]|\[[^\]]*\\[DSW]/;

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

/** Beyond ASCII, what folds to letters of it: long s and the sign of Kelvin. */
const foldedBeside: Readonly<Record<string, string>> = { k: '\\u212a', s: '\\u017f' };
const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/** The members of a class, with the other case of each letter. */
function foldedMembers(members: string): string {
  let isMember: RegExp;
  try {
    isMember = new RegExp(`[${members}]`);
  } catch {
    // It is told where the whole is compiled.
    return members;
  }
  const folded = letters
    .filter((letter) => isMember.test(letter) || isMember.test(letter.toUpperCase()))
    .map((letter) => `${letter}${letter.toUpperCase()}${foldedBeside[letter] ?? ''}`);
  return `${members}${folded.join('')}`;
}

const foldedLetters = (text: string): string =>
  text.replace(/\\x..|[A-Za-z]/g, (letter) => `[${foldedMembers(letter)}]`);

/** A group that is open. */
interface Group {
  /** Closing parentheses to write at its end. */
  closers: number;
  /** Case does not count. */
  fold: boolean;
  /** A dot is also a line feed. */
  dots: boolean;
}

class Translator {
  readonly #text: string;
  readonly #isUnicode: boolean;
  #at = 0;
  #out = '';
  readonly #groups: Group[] = [{ closers: 1, fold: false, dots: true }];
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
    return this.#out + ')'.repeat(this.#groups[0]!.closers - 1);
  }

  get #group(): Group {
    return this.#groups.at(-1)!;
  }

  /** Where flags have to be spelt out. */
  get #folds(): boolean {
    return this.#group.fold && !this.#isUnicode;
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
    else if (this.#folds && /[A-Za-z]/.test(char)) this.#out += foldedLetters(char);
    else if (char === '[') this.#class();
    else if (char === '(') this.#open(groupStart);
    else if (char === ')') {
      this.#out += ')'.repeat(this.#groups.pop()!.closers);
      if (this.#groups.length === 0) throw refuse('unexpected ")"');
    } else if (char === '.' && !this.#isUnicode) this.#out += anyBut(this.#group.dots ? '' : '\\n');
    else if (char === '{' || char === '}' || char === ']') this.#out += `\\${char}`;
    else this.#out += char;
  }

  #open(groupStart: boolean): void {
    const group = { ...this.#group, closers: 1 };
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
      this.#out += flags ? this.#flags(flags[1]!, group) : '(';
    }
    this.#groups.push(group);
    this.#atGroupStart = true;
  }

  #flagsForRest(flags: string, groupStart: boolean): void {
    if (!groupStart) throw refuse(`write (?${flags}:...) where flags do not start a group`);
    this.#out += this.#flags(flags, this.#group);
    this.#group.closers += 1;
    this.#atGroupStart = true;
  }

  /** Puts flags in force for a group, and opens it. */
  #flags(flags: string, group: Group): string {
    const [on = '', off = ''] = flags.split('-');
    if (/i/.test(flags)) group.fold = on.includes('i') && !off.includes('i');
    if (/s/.test(flags)) group.dots = on.includes('s') && !off.includes('s');
    return this.#isUnicode ? `(?${flags}:` : '(?:';
  }

  /** What follows a backslash. */
  #escape(inClass: boolean): string {
    const char = this.#take(/./)?.[0];
    if (char === undefined) throw refuse('trailing backslash');
    if ('DW'.includes(char) && !inClass) {
      const members = `\\${char.toLowerCase()}`;
      return this.#outside(this.#folds ? foldedMembers(members) : members);
    }
    if (char === 'w' && !inClass && this.#folds) return `[${foldedMembers('\\w')}]`;
    if ('dDwWfnrtv'.includes(char)) return `\\${char}`;
    if (char === 's') return inClass ? '\\t\\n\\f\\r ' : '[\\t\\n\\f\\r ]';
    if (char === 'S' && !inClass) return this.#outside('\\t\\n\\f\\r ');
    if (!inClass && (char === 'b' || char === 'B')) return `\\${char}`;
    if (!inClass && (char === 'A' || char === 'z')) return char === 'A' ? '^' : '$';
    if (char === 'a') return '\\x07';
    if (char === 'x') return this.#cased(this.#hex(), inClass);
    if (char === 'p' || char === 'P') return this.#property(char);
    if (char === 'Q') return this.#cased(escaped(this.#take(/(.*?)(?:\\E|$)/)![1]!), inClass);
    if (/[0-9A-Za-z]/.test(char)) throw refuse(`"\\${char}" is not supported`);
    return inClass ? escapedInClass(char) : escaped(char);
  }

  #cased(text: string, inClass: boolean): string {
    return this.#folds && !inClass ? foldedLetters(text) : text;
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
    if (this.#folds) members = foldedMembers(members);
    this.#out += isOutside ? this.#outside(members) : `[${members}]`;
  }

  #member(): { text: string; single: boolean } {
    const char = this.#take(/./)![0];
    if (char !== '\\') return { text: escapedInClass(char), single: true };
    const text = this.#escape(true);
    return { text, single: !/^\\[dDwWSpP]|^\\t\\n/.test(text) };
  }
}
