import type { MetricKind, Model } from '../../engine/model.ts';
import { isShipped } from '../../models/registry.ts';
import { Scorer } from '../../models/scorer.ts';
import type { AskedColumns } from './columns.ts';
import { type Owner, type ScoreFormat, scoreLine } from './print.ts';
import { Seen } from './seen.ts';
import { SeriesReader, type SeriesRow } from './series-reader.ts';

/** How one file is scored. */
export interface FileScoring {
  /** As it is to stand in every row; undefined: it is not. */
  readonly file: string | undefined;
  readonly format: ScoreFormat;
  readonly kind: MetricKind;
  readonly alarmsPerDay: number;
  readonly indexMs: number;
  readonly columns: AskedColumns;
}

/** What people should know of a file. */
export interface FileRemarks {
  /** The last rows. */
  readonly lines: string;
  readonly remarks: readonly string[];
  readonly isIndexed: boolean;
  /** Why the scores are worth nothing; undefined where they are good. */
  readonly mistake: string | undefined;
}

/** Scores the text of a file, in one pass. */
export class FileScorer {
  readonly #scorer: Scorer;
  readonly #scoring: FileScoring;
  readonly #reader: SeriesReader;
  readonly #seen = new Seen();
  readonly #owner: Owner;
  readonly #hasSeries: boolean;
  #lines = '';

  constructor(model: Model, scoring: FileScoring) {
    const { alarmsPerDay, indexMs, columns, file } = scoring;
    this.#scoring = scoring;
    this.#scorer = new Scorer(model, { asked: alarmsPerDay, guard: !isShipped(model.definition) });
    this.#reader = new SeriesReader({ indexMs, columns }, (row) => this.#row(row));
    this.#owner = file === undefined ? {} : { file };
    this.#hasSeries = columns.series !== undefined;
  }

  /** Returns the rows that are done. Throws when the file cannot be read without a choice. */
  push(text: string): string {
    this.#reader.push(text);
    return this.#takeLines();
  }

  end(): FileRemarks {
    this.#reader.end();
    return {
      lines: this.#takeLines(),
      remarks: this.#seen.remarks(this.#reader),
      isIndexed: this.#reader.isIndexed,
      mistake: this.#seen.mistake(this.#reader, this.#hasSeries),
    };
  }

  #row(row: SeriesRow): void {
    const slot = this.#seen.slot(row);
    const verdict = Number.isNaN(row.time)
      ? undefined
      : this.#scorer.push(slot, row.time, row.value, this.#scoring.kind);
    this.#seen.verdict(slot, row, verdict);
    const owner = this.#hasSeries ? { ...this.#owner, series: row.series } : this.#owner;
    this.#lines += scoreLine(this.#scoring.format, owner, row, verdict);
  }

  #takeLines(): string {
    const lines = this.#lines;
    this.#lines = '';
    return lines;
  }
}
