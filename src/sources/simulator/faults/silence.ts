import type { Replica } from '../model/entities.ts';
import { type Fault, minutes, type Stage } from './fault.ts';

/** Prometheus is not there for a while: nothing is scraped, and nothing marked as stale. */

function stop(replica: Replica): void {
  replica.up = false;
  replica.cluster.watcher.changed(replica);
}

function start(replica: Replica, nowMs: number): void {
  replica.up = true;
  replica.starts++;
  replica.startedMs = nowMs;
}

/** Nothing of a whole cluster comes, then it goes on. */
export const silentCluster: Fault = {
  name: 'silent_cluster',
  *play(stage) {
    const { cluster } = stage;
    if (!stage.claim([cluster.replicas])) return;
    const fact = stage.begin({
      fact: 'metrics_gap',
      object: 'Cluster',
      detail: { cause: 'no Prometheus runs' },
    });
    for (const replica of cluster.replicas) stop(replica);
    yield stage.setting('durationMs', minutes(4), minutes(12));
    for (const replica of cluster.replicas) start(replica, stage.nowMs);
    stage.end(fact);
  },
};

/** A short restart of one replica: a gap of a minute, then its alerts are restored. */
export const prometheusRestart: Fault = {
  name: 'prometheus_restart',
  *play(stage) {
    yield* replicaGone(stage, 'prometheus_restarted', 45_000, 80_000);
  },
};

/** One replica of an HA pair dies and comes back much later. */
export const replicaLost: Fault = {
  name: 'replica_lost',
  fits: (cluster) => cluster.replicas.length > 1,
  *play(stage) {
    yield* replicaGone(stage, 'replica_lost', minutes(8), minutes(25));
  },
};

function* replicaGone(
  stage: Stage,
  fact: string,
  low: number,
  high: number,
): Generator<number, void> {
  const { cluster } = stage;
  if (!stage.claim([cluster.replicas])) return;
  const replica = stage.random.pick(cluster.replicas);
  const item = stage.begin({ fact, object: `Prometheus/${replica.name}` });
  stop(replica);
  yield stage.setting('durationMs', low, high);
  start(replica, stage.nowMs);
  stage.end(item);
}

/**
 * The way out of a cluster is cut: its senders hold their samples and send them, in order, when
 * it is open again.
 */
export const linkDown: Fault = {
  name: 'link_down',
  *play(stage) {
    const { cluster } = stage;
    if (!stage.claim([cluster.replicas])) return;
    const durationMs = stage.setting('durationMs', minutes(3), minutes(8));
    const fact = stage.begin({
      fact: 'metrics_delayed',
      object: 'Cluster',
      detail: { durationMs },
    });
    cluster.linkDownUntilMs = stage.nowMs + durationMs;
    yield durationMs;
    cluster.linkDownUntilMs = 0;
    stage.end(fact);
  },
};
