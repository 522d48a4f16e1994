import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type Matcher, matchLabels } from '../../core/matchers.ts';
import { conditionsOf, type RangeQuery } from './conditions.ts';

/** `pending` and `firing` are open alerts, by their `alertstate`; `resolved` ones have ended. */
export type AlertState = 'pending' | 'firing' | 'resolved';

export interface AlertsQuery extends RangeQuery {
  /** Any of these; all when empty. */
  readonly states?: readonly AlertState[];
  /** Any of these selectors, over the labels, `cluster` and `alertstate`; all when empty. */
  readonly selectors?: readonly (readonly Matcher[])[];
  readonly limit: number;
}

/** The data of an alert as its processor wrote it, and which revision that was. */
export type AlertOfView = Readonly<Record<string, unknown>> & {
  readonly subject: string;
  readonly revision: number;
};

/** Newest revision of the alerts that a query asks for, the latest start first. */
export function selectAlerts(database: DatabaseSync, query: AlertsQuery): AlertOfView[] {
  const { sql, params } = statementOf(query);
  const selectors = query.selectors ?? [];
  const found: AlertOfView[] = [];
  for (const row of database.prepare(sql).iterate(...params)) {
    if (found.length >= query.limit) break;
    const { subject, revision, data, labels, cluster, alertstate } = row as unknown as AlertRow;
    if (selectors.length > 0) {
      const all: Record<string, string> = {
        cluster,
        ...JSON.parse(labels),
        __name__: 'ALERTS',
        alertstate,
      };
      if (!selectors.some((matchers) => matchLabels(matchers, (name) => all[name]))) continue;
    }
    found.push({ ...JSON.parse(data), subject, revision });
  }
  return found;
}

interface AlertRow {
  readonly subject: string;
  readonly revision: number;
  readonly data: string;
  readonly labels: string;
  readonly cluster: string;
  readonly alertstate: string;
}

const stateConditions: Readonly<Record<AlertState, string>> = {
  firing: "(state = 'firing' AND coalesce(alertstate, 'firing') <> 'pending')",
  pending: "(state <> 'resolved' AND alertstate = 'pending')",
  resolved: "state = 'resolved'",
};

function statementOf(query: AlertsQuery): { sql: string; params: readonly SQLInputValue[] } {
  const { states = [] } = query;
  const own = states.map((state) => stateConditions[state]).join(' OR ');
  const { where, params } = conditionsOf(query, own);
  const columns = 'subject, revision, data, labels, cluster, alertstate';
  const sql = `SELECT ${columns} FROM alerts ${where} ORDER BY start_ms DESC, subject`;
  return { sql, params };
}
