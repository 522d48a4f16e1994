import { type BytesTable, noPrediction } from './bytes-table.ts';
import type { WriteColumns } from './columns.ts';

/** From the symbol numbers of one message to the ids of a table that lasts. */
export class SymbolMap {
  /** By symbol number; -1 where the table does not (yet) know the symbol. */
  ids = new Int32Array(1024);
  #used = 0;

  /**
   * Looks up all symbols of a message. Unknown ones are not added yet: the values of exemplars
   * (trace ids) stand among them and would fill the table.
   */
  read(c: WriteColumns, table: BytesTable): void {
    const { bytes, view, symbolCount, symbolStart, symbolEnd } = c;
    if (this.ids.length < symbolStart.length) this.ids = new Int32Array(symbolStart.length);
    const { ids } = this;
    let after = -1;
    for (let k = 0; k < symbolCount; k++) {
      const id = table.find(bytes, view, symbolStart[k]!, symbolEnd[k]!, after);
      ids[k] = id;
      if (id >= 0) after = id;
    }
    // A number out of range must not find what the last message left behind.
    if (this.#used > symbolCount) ids.fill(-1, symbolCount, this.#used);
    this.#used = symbolCount;
  }

  /** Id of symbol `ref`, added if it is new. `ref` is below the symbol count. */
  resolve(c: WriteColumns, table: BytesTable, ref: number): number {
    const known = this.ids[ref]!;
    if (known >= 0) return known;
    const start = c.symbolStart[ref]!;
    const end = c.symbolEnd[ref]!;
    let id = table.find(c.bytes, c.view, start, end, noPrediction);
    if (id < 0) id = table.add(c.bytes, c.view, start, end, noPrediction);
    this.ids[ref] = id;
    return id;
  }
}
