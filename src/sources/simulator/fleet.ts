import { startScript } from './faults/script.ts';
import type { Labels } from './labels.ts';
import { startActivity } from './model/activity.ts';
import { emptyCluster, populate } from './model/build.ts';
import { modelStepMs, stepCluster } from './model/dynamics.ts';
import type { Cluster, Replica } from './model/entities.ts';
import { type FleetOptions, type FleetSettings, fleetSettings } from './options.ts';
import { Random } from './random.ts';
import { Alerting } from './scrape/alerting.ts';
import type { Batch } from './scrape/batch.ts';
import { Queues } from './scrape/queues.ts';
import { Registry } from './scrape/registry.ts';
import { Scraper } from './scrape/scraper.ts';
import { replicaLabel, SeriesTable } from './scrape/series-table.ts';
import type { TruthItem } from './truth.ts';

export interface StepOptions {
  /** The past is sent: requests are filled before they leave. */
  readonly isCatchingUp?: boolean;
  /** Closes every request at the end. */
  readonly flush?: boolean;
}

/** One cluster with its Prometheus replicas: moves through time and gives their requests. */
export class SimulatedCluster {
  readonly model: Cluster;
  readonly table: SeriesTable;
  readonly #queues: Queues;
  readonly #settings: FleetSettings;

  constructor(index: number, settings: FleetSettings) {
    this.#settings = settings;
    const random = new Random(settings.seed).fork(`cluster ${index}`);
    // The model tells the registry, which is made after it.
    const watcher = {
      added: (entity: Parameters<Registry['added']>[0]) => registry.added(entity),
      changed: (entity: Parameters<Registry['changed']>[0]) => {
        if (entity.kind === 'replica') this.#replicaChanged(entity, scraper);
        registry.changed(entity);
      },
      removed: (entity: Parameters<Registry['removed']>[0]) => registry.removed(entity),
    };
    const model = emptyCluster({ index, settings, watcher, random });
    this.model = model;
    this.table = new SeriesTable(externalLabels(model));
    this.#queues = new Queues({
      replicas: model.replicas.length,
      shards: settings.shards,
      samplesPerRequest: settings.samplesPerRequest,
      deadlineMs: settings.sendDeadlineMs,
      intervalMs: settings.intervalMs,
    });
    const registry = new Registry(this.table, {
      detail: model.detail,
      now: () => model.nowMs,
      onTarget: (target) => scraper.start(target),
    });
    const alerting = new Alerting(model, registry);
    const scraper = new Scraper({
      cluster: model,
      registry,
      queues: this.#queues,
      random: random.fork('scrape'),
      intervalMs: settings.intervalMs,
      evaluationMs: settings.evaluationMs,
      exemplars: settings.exemplars,
      evaluate: (replica, nowMs) => alerting.evaluate(replica, nowMs),
    });
    populate(model, settings, () => this.table.live);
    this.#schedule(random, scraper);
  }

  #replicaChanged(replica: Replica, scraper: Scraper): void {
    if (!replica.up) scraper.forget(replica);
  }

  #schedule(random: Random, scraper: Scraper): void {
    const { model } = this;
    const { agenda } = model;
    // Some minutes of settling, so that the first samples are no jump.
    for (let i = 0; i < 40; i++) stepCluster(model);
    const step = {
      run: (nowMs: number) => {
        stepCluster(model);
        for (const replica of model.replicas) replica.headSeries = scraper.liveSeries;
        agenda.at(nowMs + modelStepMs, step);
      },
    };
    agenda.at(model.nowMs + modelStepMs, step);
    startActivity(model, this.#settings.rolloutsPerHour);
    startScript(model, this.#settings, random.fork('faults'));
  }

  /** Time up to which it has moved, ms. */
  get nowMs(): number {
    return this.model.nowMs;
  }

  /**
   * Moves up to `untilMs` and gives each request's samples as it fills up. A batch is valid until
   * the next one is asked for.
   */
  *step(untilMs: number, options: StepOptions = {}): Generator<Batch, void> {
    const queues = this.#queues;
    const { agenda } = this.model;
    queues.isCatchingUp = options.isCatchingUp ?? false;
    while (agenda.nextMs <= untilMs) {
      this.model.nowMs = agenda.nextMs;
      queues.expire(this.model.nowMs);
      agenda.runNext();
      yield* this.#closed();
    }
    this.model.nowMs = Math.max(this.model.nowMs, untilMs);
    if (!options.flush) return;
    queues.expire(untilMs, true);
    yield* this.#closed();
  }

  *#closed(): Generator<Batch, void> {
    for (let batch = this.#queues.take(); batch; batch = this.#queues.take()) {
      yield batch;
      this.#queues.done(batch);
    }
  }
}

function externalLabels({ name, id, flavour }: Cluster): Labels {
  const isOpenShift = flavour === 'openshift';
  return {
    cluster: name,
    ...(isOpenShift ? { clusterID: id } : {}),
    prometheus: isOpenShift ? 'openshift-monitoring/k8s' : 'monitoring/k8s',
    prometheus_replica: replicaLabel,
  };
}

/** A fleet of clusters that is a function of its seed and of time alone. */
export class Fleet {
  readonly settings: FleetSettings;
  readonly clusters: readonly SimulatedCluster[];

  constructor(settings: FleetSettings) {
    this.settings = settings;
    this.clusters = Array.from(
      { length: settings.clusters },
      (_, index) => new SimulatedCluster(index, settings),
    );
  }

  get seriesCount(): number {
    return this.clusters.reduce((sum, { table }) => sum + table.live, 0);
  }

  /** Moves every cluster up to `untilMs`, one after the other. */
  *step(untilMs: number, options: StepOptions = {}): Generator<[SimulatedCluster, Batch], void> {
    for (const cluster of this.clusters) {
      for (const batch of cluster.step(untilMs, options)) yield [cluster, batch];
    }
  }

  /** What really happened so far, by start. */
  truth(): TruthItem[] {
    return this.clusters
      .flatMap(({ model }) => model.truth.items)
      .sort((a, b) => a.start - b.start);
  }
}

/** Builds a fleet. Error: `usage` for options out of range. */
export function createFleet(options: FleetOptions): Fleet {
  return new Fleet(fleetSettings(options));
}
