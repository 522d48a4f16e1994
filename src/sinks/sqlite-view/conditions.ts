import type { SQLInputValue } from 'node:sqlite';

/** Whose intervals, and when. */
export interface RangeQuery {
  /** Only this tenant's; all when undefined. */
  readonly tenant?: string | undefined;
  /** Only these; all when undefined. */
  readonly subjects?: readonly string[] | undefined;
  /** Any of these clusters, by id or title; all when empty. */
  readonly clusters?: readonly string[];
  /** Intervals whose time overlaps [fromMs, toMs]. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** The WHERE clause of a range, with a condition of the caller's own ('' for none). */
export function conditionsOf(
  { tenant, subjects, clusters = [], fromMs, toMs }: RangeQuery,
  own: string,
  ownParams: readonly SQLInputValue[] = [],
): { where: string; params: readonly SQLInputValue[] } {
  const conditions: string[] = [];
  const params: SQLInputValue[] = [];
  const add = (condition: string, ...values: readonly SQLInputValue[]): void => {
    conditions.push(condition);
    params.push(...values);
  };
  if (tenant !== undefined) add('tenant = ?', tenant);
  if (subjects) add(`subject IN (${subjects.map(() => '?').join(', ')})`, ...subjects);
  if (own !== '') add(`(${own})`, ...ownParams);
  if (clusters.length > 0) {
    const any = `IN (${clusters.map(() => '?').join(', ')})`;
    add(`(cluster ${any} OR data ->> 'cluster_title' ${any})`, ...clusters, ...clusters);
  }
  if (toMs !== undefined) add('start_ms <= ?', toMs);
  if (fromMs !== undefined) add('(end_ms IS NULL OR end_ms >= ?)', fromMs);
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', params };
}
