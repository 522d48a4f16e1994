import type { Verdict } from '../../models/verdict.ts';
import type { SeriesReader, SeriesRow } from './series-reader.ts';

const rows = (count: number): string => (count === 1 ? '1 row' : `${count} rows`);

/** What was seen of a file that people should know, and what makes its scores worth nothing. */
export class Seen {
  readonly #slots = new Map<string, number>();
  /** Of each series, ms. */
  readonly #first: number[] = [];
  readonly #newest: number[] = [];
  #usable = 0;
  #late = 0;
  /** The first row at which the time was back at the beginning of its series. */
  #returned = 0;
  #rows = 0;
  #failed = 0;
  #failedFirst = 0;
  #failure = '';

  /** A place of its own for each series. */
  slot({ series }: SeriesRow): number {
    const known = this.#slots.get(series);
    if (known !== undefined) return known;
    this.#slots.set(series, this.#slots.size);
    return this.#slots.size - 1;
  }

  verdict(slot: number, { time, value }: SeriesRow, verdict: Verdict | undefined): void {
    this.#rows++;
    if (verdict === undefined) return;
    if (!Number.isNaN(value)) this.#usable++;
    this.#first[slot] ??= time;
    const newest = this.#newest[slot] ?? time;
    this.#newest[slot] = Math.max(newest, time);
    if (time <= this.#first[slot] && time < newest) this.#returned ||= this.#rows;
    if (verdict.outcome === 'late') this.#late++;
    if (verdict.outcome === 'failed' && this.#failed++ === 0) {
      this.#failedFirst = this.#rows;
      this.#failure = verdict.error;
    }
  }

  remarks(reader: SeriesReader): string[] {
    const { noTime, noValue, empty } = reader;
    return [
      ...(noTime.count > 0
        ? [`${rows(noTime.count)} without a usable time, first row ${noTime.first}`]
        : []),
      ...(noValue.count > 0
        ? [`${rows(noValue.count)} whose value is no number, first row ${noValue.first}`]
        : []),
      ...(empty.count > 0
        ? [`${rows(empty.count)} without a value, first row ${empty.first}`]
        : []),
      ...(this.#late > 0 ? [`${rows(this.#late)} not newer than the row before, not scored`] : []),
      ...(this.#failed > 0
        ? [
            `the model failed on ${rows(this.#failed)}, first row ${this.#failedFirst}: ${this.#failure}`,
          ]
        : []),
    ];
  }

  /** Why the scores are worth nothing; undefined where they are good. */
  mistake(reader: SeriesReader, hasSeries: boolean): string | undefined {
    const all = reader.rows;
    if (all === 0) return 'it has no rows: give CSV with a time and a number in each';
    if (all > 0 && this.#usable === 0) {
      return 'no row has a time and a number: give CSV with a column of each (--time, --value)';
    }
    for (const [what, { count, first, cell }] of [
      ['time', reader.noTime],
      ['value', reader.noValue],
    ] as const) {
      if (count * 2 <= all) continue;
      const example = JSON.stringify(cell.slice(0, 40));
      return `${count} of ${rows(all)} have a ${what} that cannot be read, such as ${example} in row ${first}`;
    }
    if (this.#failed * 2 > all) {
      return `the model failed on ${this.#failed} of ${rows(all)}: what is left says nothing`;
    }
    if (this.#returned === 0 && this.#late * 5 <= all) return undefined;
    const when =
      this.#returned > 0
        ? `at row ${this.#returned} the time is back at the beginning`
        : `${this.#late} of ${rows(all)} are not newer than the row before`;
    return hasSeries
      ? `${when}: the rows of a series must be in the order of time`
      : `${when}: give the rows in the order of time, or name the column that tells the series apart with --series`;
  }
}
