import type { ProcessorContext } from '../../engine/processor.ts';
import {
  passesRoute,
  passesRouteAtBound,
  routeCutPassed,
  routeCutWorn,
} from '../../models/budget.ts';
import { isFixed, type Lane } from './lanes.ts';
import type { AnomalySettings, Route } from './settings.ts';

interface Budget {
  cluster: number;
  cut: number;
  /** ms of log time up to which the cut has worn off. */
  at: number;
}

const keyOf = (cluster: number, { select }: Route): string => `${cluster} ${select}`;

/** Alarms that a route may tell of a cluster (models/budget.ts). */
export class RouteBudgets {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #table;

  constructor(context: ProcessorContext<AnomalySettings>) {
    this.#context = context;
    this.#table = context.table<Budget>(
      'budgets',
      ({ cluster }, key) => `${cluster}${key.slice(key.indexOf(' '))}`,
    );
  }

  /** What routes have used that the settings no longer have is forgotten. */
  configure(): void {
    const selects = new Set(this.#context.settings.routes.map(({ select }) => select));
    for (const [key] of [...this.#table.entries()]) {
      if (!selects.has(key.slice(key.indexOf(' ') + 1))) this.#table.delete(key);
    }
  }

  /** The cut now, without a trace. */
  cut(cluster: number, route: Route): number {
    const budget = this.#table.get(keyOf(cluster, route));
    const elapsed = budget ? this.#context.logTime - budget.at : 0;
    return budget ? routeCutWorn(budget.cut, elapsed, route.per_cluster_day) : 1;
  }

  /** Whether those of a day are spent, of a model that alarms at bounds. Without a trace. */
  isSpent(cluster: number, lane: Lane): boolean {
    const { route } = lane;
    return isFixed(lane) && !passesRouteAtBound(this.cut(cluster, route), route.per_cluster_day);
  }

  /** Whether an alarm of this strength is told; else it is withheld, and counted. */
  passes(cluster: number, lane: Lane, strength: number): boolean {
    const { route } = lane;
    const cut = this.cut(cluster, route);
    const passes = isFixed(lane)
      ? passesRouteAtBound(cut, route.per_cluster_day)
      : passesRoute(strength, cut);
    const next = passes ? routeCutPassed(cut) : cut;
    const row = { cluster, cut: next, at: this.#context.logTime };
    this.#table.set(keyOf(cluster, route), row);
    if (!passes) this.#context.count('withheld');
    return passes;
  }
}
