import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type Matcher, matchLabels } from '../../core/matchers.ts';

export interface IntervalsQuery {
  /** Only this tenant's; all when undefined. */
  readonly tenant?: string | undefined;
  /** `open`, `closed`; all when empty. */
  readonly states?: readonly string[];
  readonly clusters?: readonly string[];
  /** Any of these, over the labels of the data and its `cluster`; all when empty. */
  readonly selectors?: readonly (readonly Matcher[])[];
  /** Intervals whose time overlaps [fromMs, toMs]. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly limit: number;
}

interface IntervalRow {
  readonly subject: string;
  readonly revision: number;
  readonly data: string;
}

/** Newest revisions of anomalies or events, the latest start first. */
export function selectIntervals(
  database: DatabaseSync,
  topic: 'anomalies' | 'events',
  query: IntervalsQuery,
): object[] {
  const { where, params } = conditionsOf(query);
  const sql = `SELECT subject, revision, data FROM ${topic} ${where} ORDER BY start_ms DESC, subject`;
  const selectors = query.selectors ?? [];
  const found: object[] = [];
  for (const row of database.prepare(sql).iterate(...params)) {
    if (found.length >= query.limit) break;
    const { subject, revision, data } = row as unknown as IntervalRow;
    const parsed = JSON.parse(data);
    const labels = { cluster: parsed.cluster, __name__: parsed.metric, ...parsed.labels };
    const isChosen = (matchers: readonly Matcher[]) =>
      matchLabels(matchers, (name) => labels[name]);
    if (selectors.length > 0 && !selectors.some(isChosen)) continue;
    found.push({ ...parsed, subject, revision });
  }
  return found;
}

function conditionsOf({ tenant, states = [], clusters = [], fromMs, toMs }: IntervalsQuery) {
  const conditions: string[] = [];
  const params: SQLInputValue[] = [];
  const anyOf = (column: string, values: readonly string[]): void => {
    if (values.length === 0) return;
    conditions.push(`${column} IN (${values.map(() => '?').join(', ')})`);
    params.push(...values);
  };
  if (tenant !== undefined) anyOf('tenant', [tenant]);
  anyOf('state', states);
  anyOf('cluster', clusters);
  if (toMs !== undefined) {
    conditions.push('start_ms <= ?');
    params.push(toMs);
  }
  if (fromMs !== undefined) {
    conditions.push('(end_ms IS NULL OR end_ms >= ?)');
    params.push(fromMs);
  }
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', params };
}
