import type { WriteColumns } from './columns.ts';
import { validUtf8 } from './label-list.ts';
import type { PredictingTable } from './predicting-table.ts';

/**
 * Looks up all symbols of a request: `c.symbolIds` are their ids, -1 where the table does not
 * (yet) know one. Unknown symbols are not added here: the values of exemplars (trace ids) stand
 * among them and would fill the table.
 */
export function findSymbols(c: WriteColumns, table: PredictingTable): void {
  const { symbolCount, symbolStart, symbolEnd, symbolIds, view } = c;
  let after = -1;
  for (let k = 0; ; k++) {
    const stop = table.matchRanges(c, symbolStart, symbolEnd, symbolIds, k, symbolCount, after);
    if (stop >= symbolCount) return;
    if (stop > k) after = symbolIds[stop - 1]!;
    k = stop;
    const start = symbolStart[k]!;
    const end = symbolEnd[k]!;
    const id = table.lookup(view, start, end, table.hash(view, start, end));
    symbolIds[k] = id;
    if (id < 0) continue;
    table.follow(after, id);
    after = id;
  }
}

/** Id of symbol `ref`, added if it is new. `ref` is below the symbol count. */
export function resolveSymbol(c: WriteColumns, table: PredictingTable, ref: number): number {
  const found = c.symbolIds[ref]!;
  if (found >= 0) return found;
  const { view } = c;
  const start = c.symbolStart[ref]!;
  const end = c.symbolEnd[ref]!;
  const hash = table.hash(view, start, end);
  // A message may hold one text twice, so it may have been added since.
  let id = table.lookup(view, start, end, hash);
  if (id < 0) id = table.add(view, start, end, hash);
  if (ref > 0 && c.symbolIds[ref - 1]! >= 0) table.follow(c.symbolIds[ref - 1]!, id);
  c.symbolIds[ref] = id;
  return id;
}

export function symbolIsUtf8(c: WriteColumns, ref: number): boolean {
  return validUtf8(c.bytes, c.symbolStart[ref]!, c.symbolEnd[ref]!);
}
