import { SeastateError } from './errors.ts';

/*
 * V8 matches by going back and trying otherwise: `(a*)*b` on forty letters takes longer than
 * anybody waits, and the partition would stand still. Its second engine needs time in proportion to
 * the text; here it is told to take over after 50,000 steps back. It gives the same matches. The
 * setting holds for the whole process, threads included; `process` is gone where processors run.
 */
const v8 = globalThis.process?.getBuiltinModule('node:v8');
v8?.setFlagsFromString('--enable-experimental-regexp-engine');
v8?.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

/**
 * A regular expression of a user, whose matching takes no longer than about the square of the text.
 * `shape`: the same, spelt more simply. Error `usage`: it is none, or one that no engine can
 * promise that for.
 */
export function tameRegExp(source: string, flags = '', shape: string = source): RegExp {
  let regexp: RegExp;
  try {
    regexp = new RegExp(source, flags);
  } catch (error) {
    const what = (error as Error).message.replace(/^Invalid regular expression: .*: /, '');
    throw new SeastateError('usage', `regex: ${what}`);
  }
  if (!isLinear(source, flags) && new Growth(shape).power() > 1) {
    throw new SeastateError(
      'usage',
      'regex: on some texts it would take for ever: leave out (?i), look-around, \\p, repeats over ' +
        '16 and letters beyond ASCII, or have one * or + in a row, and none around another',
    );
  }
  return regexp;
}

function isLinear(source: string, flags: string): boolean {
  try {
    return new RegExp(source, `${flags}l`) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Powers of the text's length: of a part, and of it where nothing follows, so that `.*` always
 * fits.
 */
interface Power {
  readonly power: number;
  readonly last: number;
  /** It can match one text in one way only. */
  readonly plain: boolean;
}

const nothing: Power = { power: 0, last: 0, plain: true };

/** How the time of going back grows with the text, in a pattern that is well formed. */
class Growth {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  power(): number {
    return this.#choice().last;
  }

  #take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, 'ys');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #choice(): Power {
    let all = this.#row();
    while (this.#take(/\|/)) {
      const { power, last } = this.#row();
      all = {
        power: Math.max(all.power, power),
        last: Math.max(all.last, last),
        plain: false,
      };
    }
    return all;
  }

  #row(): Power {
    let all = nothing;
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at]!)) {
      const { power, last, plain } = this.#repeated();
      all = { power: all.power + power, last: all.power + last, plain: all.plain && plain };
    }
    return all;
  }

  #repeated(): Power {
    const start = this.#at;
    const isGroup = this.#take(/\((?:\?(?:[:=!]|<[=!]|<\w+>|[a-z]*(?:-[a-z]+)?:))?/) !== undefined;
    const inner = isGroup ? this.#choice() : nothing;
    if (isGroup) this.#take(/\)/);
    else this.#take(/\\(?:[pPu]\{[^}]*\}|k<\w+>|.)|\[\^?(?:\\.|[^\]\\])*\]|./);
    const isDot = this.#source.slice(start, this.#at) === '.';
    const how = this.#take(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/);
    if (how === undefined) return inner;
    const [from, to] = timesOf(how);
    if (to > 1 && !inner.plain) return { power: Infinity, last: Infinity, plain: false };
    const power = inner.power + powerOfChoices(to - from);
    return { power, last: isDot && to === Infinity ? 0 : power, plain: from === to };
  }
}

/** Twenty choices of two, or four of a few, count as one of as many as the text is long. */
function powerOfChoices(choices: number): number {
  if (choices <= 1) return choices * 0.05;
  return choices > 16 ? 1 : 0.25;
}

function timesOf(how: string): [from: number, to: number] {
  if (how[0] === '*') return [0, Infinity];
  if (how[0] === '+') return [1, Infinity];
  if (how[0] === '?') return [0, 1];
  const [, from, comma, to] = /\{(\d+)(,?)(\d*)\}/.exec(how)!;
  if (comma === '') return [Number(from), Number(from)];
  return [Number(from), to === '' ? Infinity : Number(to)];
}
