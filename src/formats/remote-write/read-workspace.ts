import { Scratch } from '../snappy/snappy.ts';
import { WriteColumns } from './columns.ts';
import { TableHeap } from './predicting-table.ts';

/**
 * What readers of one thread share, so that thousands of them (one per cluster) stay small: the
 * buffers of the record that is read now, and the memory of their tables.
 */
export class ReadWorkspace {
  /** Decompress into this one, and a reader takes the bytes without a copy. */
  readonly scratch: Scratch = new Scratch();
  readonly columns: WriteColumns = new WriteColumns(this.scratch);
  readonly tables: TableHeap = new TableHeap();
}
