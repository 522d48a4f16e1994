import { utcOf } from '../../core/time.ts';

/** A `Date` without clock and time zone: texts are read as `utcOf` does. */
export function sealedDate(RealDate: DateConstructor): DateConstructor {
  return class extends RealDate {
    static override now = closed('Date.now');
    static override parse = (text: string): number => utcOf(String(text));
    constructor(...args: [number]) {
      const count: number = args.length;
      if (count === 0) closed('new Date()')();
      if (count > 1) throw new Error('new Date(year, ...) goes by the time zone: use Date.UTC');
      const [value]: [unknown] = args;
      super(typeof value === 'string' ? utcOf(value) : Number(value));
    }
  } as unknown as DateConstructor;
}

/** A function that refuses to be the clock, or the dice, of a processor. */
export const closed = (name: string) => (): never => {
  throw new Error(`${name} is closed to processors: their only clock is context.logTime`);
};
