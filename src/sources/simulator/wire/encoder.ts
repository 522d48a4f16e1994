import type { Batch } from '../scrape/batch.ts';
import type { SeriesTable } from '../scrape/series-table.ts';

/** A request's body, not compressed, and what is in it. `bytes` are valid until the next one. */
export interface EncodedBody {
  readonly bytes: Uint8Array;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
}

export interface EncoderOptions {
  readonly table: SeriesTable;
  /** Value of the replica's own label. */
  readonly replica: string;
  /** Types and help beside each series (protocol 2). */
  readonly metadata: boolean;
  /** Prepared bodies that are kept. */
  readonly templatesMax: number;
}

/** Makes the requests of one replica. */
export interface BodyEncoder {
  /** What was left out because the protocol cannot carry it. */
  readonly dropped: number;
  encode(batch: Batch): EncodedBody;
}
