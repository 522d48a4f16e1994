import type { Labels } from '../labels.ts';
import type { Cluster, Entity, Replica } from '../model/entities.ts';
import { entitiesOf, type Rule } from '../rules/rule.ts';
import { rules } from '../rules/rules.ts';
import type { TruthItem } from '../truth.ts';
import type { Registry } from './registry.ts';
import type { Block } from './target.ts';

/** An alert of one rule about one entity, in one replica. */
interface Alert {
  readonly rule: Rule;
  readonly labels: Labels;
  activeMs: number;
  state: 'pending' | 'firing';
  /** Series ALERTS and ALERTS_FOR_STATE, while there are any. */
  series: readonly [state: Block, since: Block] | null;
  truth: TruthItem | null;
  firedMs: number;
  /** The evaluation in which it last held. */
  evaluation: number;
}

interface ReplicaState {
  readonly alerts: Map<string, Alert>;
  evaluation: number;
  /** How often the replica had started when this state was made. */
  starts: number;
  lastMs: number;
  /** False in the first evaluation after a start: nothing is shown before the state is restored. */
  isRestored: boolean;
}

/** As Prometheus: `for` times up to this begin anew after a restart, longer ones go on. */
const graceMs = 600_000;
const outageToleranceMs = 3_600_000;
const alerts = { family: 'ALERTS', type: 'unknown', help: '' } as const;
const since = { family: 'ALERTS_FOR_STATE', type: 'unknown', help: '' } as const;

/**
 * Evaluates the rules as each replica's Prometheus does (prometheus, rules/alerting.go): pending
 * for the `for` time, firing, then stale markers; the state survives a restart by
 * ALERTS_FOR_STATE.
 */
export class Alerting {
  readonly #cluster: Cluster;
  readonly #registry: Registry;
  readonly #states = new Map<Replica, ReplicaState>();

  constructor(cluster: Cluster, registry: Registry) {
    this.#cluster = cluster;
    this.#registry = registry;
  }

  evaluate(replica: Replica, nowMs: number): void {
    const state = this.#stateOf(replica, nowMs);
    state.evaluation++;
    rules.forEach((rule, index) => {
      for (const entity of entitiesOf(this.#cluster, rule.of)) {
        if (rule.when(entity, nowMs)) this.#hold(state, replica, { rule, index, entity, nowMs });
      }
    });
    for (const [key, alert] of state.alerts) {
      if (alert.evaluation === state.evaluation) continue;
      this.#show(alert, null);
      if (alert.truth) {
        this.#cluster.truth.end(alert.truth, alert.state === 'firing' ? nowMs : alert.firedMs);
      }
      state.alerts.delete(key);
    }
    state.isRestored = true;
    state.lastMs = nowMs;
  }

  #stateOf(replica: Replica, nowMs: number): ReplicaState {
    let state = this.#states.get(replica);
    if (!state) {
      const { starts } = replica;
      state = { alerts: new Map(), evaluation: 0, starts, lastMs: nowMs, isRestored: true };
      this.#states.set(replica, state);
    }
    if (state.starts !== replica.starts) {
      state.starts = replica.starts;
      state.isRestored = false;
      for (const alert of state.alerts.values()) {
        this.#show(alert, null);
        alert.state = 'pending';
        alert.activeMs = restoredMs(alert, state.lastMs, nowMs);
      }
    }
    return state;
  }

  #hold(
    state: ReplicaState,
    replica: Replica,
    { rule, index, entity, nowMs }: { rule: Rule; index: number; entity: Entity; nowMs: number },
  ): void {
    const labels = rule.labels(entity);
    const key = `${index}\0${Object.values(labels).join('\0')}`;
    let alert = state.alerts.get(key);
    if (!alert) {
      // What holds for a whole cluster from the beginning has held since the replica started.
      const isOld = state.evaluation === 1 && replica.starts === 1 && rule.of === 'cluster';
      const activeMs = isOld ? replica.startedMs : nowMs;
      const full = { ...labels, alertname: rule.alert, severity: rule.severity };
      alert = {
        rule,
        labels: full,
        activeMs,
        state: 'pending',
        series: null,
        truth: null,
        firedMs: 0,
        evaluation: 0,
      };
      state.alerts.set(key, alert);
    }
    alert.evaluation = state.evaluation;
    if (!state.isRestored) return;
    const fires = alert.state === 'pending' && nowMs - alert.activeMs >= rule.forMs;
    if (fires) this.#fire(alert, replica, nowMs);
    if (alert.state === 'firing') alert.firedMs = nowMs;
    if (fires || !alert.series) this.#show(alert, replica);
  }

  #fire(alert: Alert, replica: Replica, nowMs: number): void {
    alert.state = 'firing';
    alert.truth ??= this.#cluster.truth.begin({
      fact: 'alert',
      object: alert.rule.alert,
      start: nowMs,
      detail: { labels: alert.labels, replica: replica.name, active: alert.activeMs },
    });
  }

  /** Shows an alert in its present state, or no more. */
  #show(alert: Alert, replica: Replica | null): void {
    const registry = this.#registry;
    if (alert.series) {
      registry.end(alert.series[0]);
      if (!replica) registry.end(alert.series[1]);
    }
    if (!replica) {
      alert.series = null;
      return;
    }
    const target = registry.target('rules', this.#cluster);
    const bit = 1 << replica.index;
    const labels = { ...alert.labels, alertstate: alert.state };
    const active = registry.state(target, alerts, labels, bit);
    const forState = alert.series?.[1] ?? registry.state(target, since, alert.labels, bit);
    registry.table.values[active.start] = 1;
    registry.table.values[forState.start] = Math.floor(alert.activeMs / 1000);
    alert.series = [active, forState];
  }
}

/** Since when a restored alert counts as active (prometheus, rules/group.go, RestoreForState). */
function restoredMs({ activeMs, rule }: Alert, downMs: number, nowMs: number): number {
  if (rule.forMs < graceMs || nowMs - downMs > outageToleranceMs) return nowMs;
  const remainingMs = rule.forMs - (downMs - activeMs);
  if (remainingMs <= 0) return activeMs;
  if (remainingMs < graceMs) return nowMs + graceMs - rule.forMs;
  return activeMs + (nowMs - downMs);
}
