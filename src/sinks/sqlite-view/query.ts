import { constants, DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { messageOf, SeastateError } from '../../core/errors.ts';

export type QueryParams = readonly SQLInputValue[] | Readonly<Record<string, SQLInputValue>>;

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly SQLOutputValue[][];
  /** There were more rows than the limit. */
  readonly isCut: boolean;
}

const allowedActions: ReadonlySet<number> = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
]);

/** Opens a view for reading only, for statements of anybody: they can read its tables, no more. */
export function openForQueries(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1000, defensive: true });
  database.setAuthorizer((action) =>
    allowedActions.has(action) ? constants.SQLITE_OK : constants.SQLITE_DENY,
  );
  return database;
}

/**
 * Runs one SELECT. Errors: `bad_query` with what SQLite says. There is no limit on time: whoever
 * runs statements of others should do so in a process or thread of its own.
 */
export function runQuery(
  database: DatabaseSync,
  sql: string,
  params: QueryParams,
  limit: number,
): QueryResult {
  try {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    statement.setReadBigInts(false);
    const given = Array.isArray(params) ? params : [params as Record<string, SQLInputValue>];
    const iterator = statement.iterate(...(given as SQLInputValue[]));
    const columns = statement.columns().map(({ name }) => name);
    const rows: SQLOutputValue[][] = [];
    for (const row of iterator as unknown as Iterable<SQLOutputValue[]>) {
      if (rows.length === limit) return { columns, rows, isCut: true };
      rows.push(row);
    }
    return { columns, rows, isCut: false };
  } catch (error) {
    const isRefused = /not authorized|authorization denied/.test(messageOf(error));
    const what = isRefused ? 'only SELECT on the tables of the view is allowed' : messageOf(error);
    throw new SeastateError('bad_query', `${what}, in: ${sql.trim().slice(0, 200)}`, {
      cause: error,
    });
  }
}
