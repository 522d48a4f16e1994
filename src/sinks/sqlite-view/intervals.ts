import type { DatabaseSync } from 'node:sqlite';
import { type Matcher, matchLabels } from '../../core/matchers.ts';
import { conditionsOf, type RangeQuery } from './conditions.ts';

export interface IntervalsQuery extends RangeQuery {
  /** `open`, `closed`; all when empty. */
  readonly states?: readonly string[];
  /** Any of these, over the labels of the data and its `cluster`; all when empty. */
  readonly selectors?: readonly (readonly Matcher[])[];
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
  const { states = [] } = query;
  const own = states.map(() => 'state = ?').join(' OR ');
  const { where, params } = conditionsOf(query, own, states);
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
