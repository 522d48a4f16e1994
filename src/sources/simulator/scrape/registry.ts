import type { Labels } from '../labels.ts';
import { exporters } from '../metrics/exporters.ts';
import { type JobName, targetLabels } from '../metrics/jobs.ts';
import type { Exporter, NativeMetric, NumberMetric, StateMetric } from '../metrics/metric.ts';
import { scrapeMetrics } from '../metrics/scrape.ts';
import { clusterOf, type Entity, type EntityKind, type Watcher } from '../model/entities.ts';
import type { FamilyOf } from './families.ts';
import { NativeSeries } from './native-series.ts';
import type { NewSeries, SeriesTable } from './series-table.ts';
import { Block, Target } from './target.ts';

/** All replicas of a cluster. */
export const everyReplica = 0xff;

/** An exporter with its metrics apart by how they are kept. */
interface Compiled {
  readonly exporter: Exporter;
  readonly numbers: readonly NumberMetric<Entity>[];
  readonly natives: readonly NativeMetric<Entity>[];
  readonly states: readonly StateMetric<Entity>[];
}

/** What is kept of one entity: its block per exporter, and one per label set of its states. */
interface Kept {
  readonly blocks: Map<Exporter, Block>;
  readonly states: Map<string, Block>;
}

/**
 * Keeps the targets and series of one cluster in step with the model: an entity that appears,
 * changes its labels or goes begins and ends blocks of series.
 */
export class Registry implements Watcher {
  readonly table: SeriesTable;
  readonly #detail: 'small' | 'full';
  readonly #compiled = new Map<EntityKind, Compiled[]>();
  readonly #kept = new Map<Entity, Kept>();
  readonly #targets = new Map<Entity, Map<JobName, Target>>();
  readonly #onTarget: (target: Target) => void;
  readonly #now: () => number;

  constructor(
    table: SeriesTable,
    options: {
      readonly detail: 'small' | 'full';
      readonly now: () => number;
      readonly onTarget: (target: Target) => void;
    },
  ) {
    this.table = table;
    this.#detail = options.detail;
    this.#now = options.now;
    this.#onTarget = options.onTarget;
    for (const exporter of exporters) {
      const same = this.#compiled.get(exporter.of) ?? [];
      same.push(this.#compile(exporter));
      this.#compiled.set(exporter.of, same);
    }
  }

  #compile(exporter: Exporter): Compiled {
    const used = exporter.metrics.filter((metric) => this.#detail === 'full' || !metric.full);
    return {
      exporter,
      numbers: used.filter((metric) => metric.kind === 'numbers'),
      natives: used.filter((metric) => metric.kind === 'native'),
      states: used.filter((metric) => metric.kind === 'states'),
    };
  }

  added(entity: Entity): void {
    this.#kept.set(entity, { blocks: new Map(), states: new Map() });
    this.changed(entity);
  }

  changed(entity: Entity): void {
    const kept = this.#kept.get(entity);
    if (!kept) return;
    const shown = new Set<string>();
    for (const compiled of this.#compiled.get(entity.kind) ?? []) {
      if (!compiled.exporter.when(entity)) this.#endBlock(kept, compiled.exporter);
      else {
        this.#showBlock(kept, compiled, entity);
        this.#showStates(kept, compiled, entity, shown);
      }
    }
    for (const [key, block] of kept.states) {
      if (shown.has(key)) continue;
      if (block.isGone) kept.states.delete(key);
      else this.end(block);
    }
  }

  removed(entity: Entity): void {
    const kept = this.#kept.get(entity);
    if (!kept) return;
    for (const block of kept.blocks.values()) this.end(block);
    for (const block of kept.states.values()) this.end(block);
    this.#kept.delete(entity);
  }

  #endBlock(kept: Kept, exporter: Exporter): void {
    const block = kept.blocks.get(exporter);
    if (block) this.end(block);
  }

  #showBlock(kept: Kept, compiled: Compiled, entity: Entity): void {
    const { exporter, numbers, natives } = compiled;
    if (numbers.length + natives.length === 0) return;
    const target = this.target(exporter.job, exporter.host(entity));
    const stamp = exporter.stamp(entity);
    const present = kept.blocks.get(exporter);
    if (present && present.stamp === stamp && present.target === target && present.revive()) return;
    if (present) this.end(present);
    kept.blocks.set(exporter, this.#newBlock(compiled, entity, target, stamp));
  }

  #newBlock(compiled: Compiled, entity: Entity, target: Target, stamp: string): Block {
    const { exporter, numbers, natives } = compiled;
    const labels = { ...target.labels, ...exporter.labels(entity) };
    const series: NewSeries[] = [];
    const rowCounts: number[] = [];
    for (const metric of numbers) {
      const rows = metric.rows(entity);
      rowCounts.push(rows.length);
      const family = this.table.families.of(metric);
      for (const row of rows) {
        for (const [name, own] of metric.series(row)) {
          series.push({ name, labels: { ...labels, ...own }, family });
        }
      }
    }
    const count = series.length;
    const rowsOfNatives: [NativeMetric<Entity>, number][] = [];
    for (const metric of natives) {
      metric.rows(entity).forEach((row, index) => {
        rowsOfNatives.push([metric, index]);
        const family = this.table.families.of(metric);
        series.push({ name: metric.family, labels: { ...labels, ...row }, family });
      });
    }
    const start = this.table.add(series);
    const block = new Block({
      exporter,
      entity,
      target,
      metrics: numbers,
      rowCounts,
      natives: rowsOfNatives.map(
        ([metric, row], index) => new NativeSeries(start + count + index, metric as never, row),
      ),
      start,
      count,
      size: series.length,
      stamp,
      replicas: replicasOf(target),
    });
    target.blocks.add(block);
    return block;
  }

  #showStates(kept: Kept, compiled: Compiled, entity: Entity, shown: Set<string>): void {
    const { exporter, states } = compiled;
    for (const metric of states) {
      const target = this.target(exporter.job, exporter.host(entity));
      const labels = { ...target.labels, ...exporter.labels(entity) };
      for (const row of metric.rows(entity)) {
        const key = `${exporter.job}\0${metric.family}\0${Object.values(row).join('\0')}`;
        shown.add(key);
        let block = kept.states.get(key);
        if (!block?.revive()) {
          block = this.state(target, metric, { ...labels, ...row }, everyReplica);
          kept.states.set(key, block);
        }
        this.table.values[block.start] = metric.value(entity, row);
      }
    }
  }

  /** One series whose value is set from outside, for the replicas of a bit mask. */
  state(target: Target, metric: FamilyOf, labels: Labels, replicas: number): Block {
    const family = this.table.families.of(metric);
    const block = new Block({
      exporter: null,
      entity: null,
      target,
      metrics: [],
      rowCounts: [],
      natives: [],
      start: this.table.add([{ name: metric.family, labels, family }]),
      count: 1,
      size: 1,
      stamp: '',
      replicas: replicas & replicasOf(target),
    });
    target.blocks.add(block);
    return block;
  }

  /** The series of a block are scraped no more; stale markers follow where samples were. */
  end(block: Block): void {
    if (block.isEnded) return;
    block.isEnded = true;
    block.endedMs = this.#now();
  }

  target(job: JobName, host: Entity): Target {
    let ofHost = this.#targets.get(host);
    if (!ofHost) {
      ofHost = new Map();
      this.#targets.set(host, ofHost);
    }
    const known = ofHost.get(job);
    if (known) return known;
    const target = new Target(job, host, targetLabels(job, host));
    ofHost.set(job, target);
    if (job !== 'rules') target.reportBlock = this.#reportBlock(target);
    this.#onTarget(target);
    return target;
  }

  #reportBlock(target: Target): Block {
    const series = scrapeMetrics.map((metric) => ({
      name: metric.family,
      labels: target.labels,
      family: this.table.families.of(metric),
    }));
    return new Block({
      exporter: null,
      entity: target.report as unknown as Entity,
      target,
      metrics: scrapeMetrics as unknown as readonly NumberMetric<Entity>[],
      rowCounts: scrapeMetrics.map(() => 1),
      natives: [],
      start: this.table.add(series),
      count: series.length,
      size: series.length,
      stamp: '',
      replicas: replicasOf(target),
    });
  }

  /** Forgets a target of which nothing is left. */
  dropTarget(target: Target): void {
    const ofHost = this.#targets.get(target.host);
    ofHost?.delete(target.job);
    if (ofHost?.size === 0) this.#targets.delete(target.host);
  }

  get targets(): Target[] {
    return [...this.#targets.values()].flatMap((ofHost) => [...ofHost.values()]);
  }
}

function replicasOf(target: Target): number {
  return (1 << clusterOf(target.host).replicas.length) - 1;
}
