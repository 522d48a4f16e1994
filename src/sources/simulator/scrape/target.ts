import type { Labels } from '../labels.ts';
import { type JobName, jobs } from '../metrics/jobs.ts';
import type { Exporter, NumberMetric, Scrape } from '../metrics/metric.ts';
import type { ScrapeReport } from '../metrics/scrape.ts';
import type { Entity } from '../model/entities.ts';
import type { NativeSeries } from './native-series.ts';
import type { SeriesTable } from './series-table.ts';

/** What is scraped at one address: the blocks of its series, and how the last scrape went. */
export class Target {
  readonly job: JobName;
  readonly host: Entity;
  readonly labels: Labels;
  readonly blocks = new Set<Block>();
  readonly report: ScrapeReport = { isUp: true, seconds: 0.01, samples: 0, seriesAdded: 0 };
  /** Its `up` and the like; null for the rules. */
  reportBlock: Block | null = null;

  constructor(job: JobName, host: Entity, labels: Labels) {
    this.job = job;
    this.host = host;
    this.labels = labels;
  }

  get isUp(): boolean {
    return jobs[this.job].isUp(this.host);
  }

  /** Whether service discovery still knows it: something on it is alive. */
  get isKnown(): boolean {
    for (const block of this.blocks) if (!block.isEnded) return true;
    return false;
  }
}

/**
 * Series that come, are scraped and end together: what one exporter has about one entity, or one
 * label set of a state. Its numbers stand in `count` slots from `start` on, its native
 * histograms in those behind them; `size` is all.
 */
export class Block {
  readonly exporter: Exporter | null;
  readonly entity: Entity | null;
  readonly target: Target;
  readonly metrics: readonly NumberMetric<Entity>[];
  readonly rowCounts: readonly number[];
  readonly natives: readonly NativeSeries[];
  readonly start: number;
  readonly count: number;
  readonly size: number;
  readonly stamp: string;
  /** Replicas that scrape it, one bit each. */
  readonly replicas: number;
  /** Replicas that have sent samples of it, and have to send stale markers. */
  seenBy = 0;
  isEnded = false;
  endedMs = 0;
  /** Its stale markers are sent and its slots given back. */
  isGone = false;
  lastMs: number;
  startedMs: number;

  constructor(
    parts: Pick<
      Block,
      | 'exporter'
      | 'entity'
      | 'target'
      | 'metrics'
      | 'rowCounts'
      | 'natives'
      | 'start'
      | 'count'
      | 'size'
      | 'stamp'
      | 'replicas'
    >,
  ) {
    this.exporter = parts.exporter;
    this.entity = parts.entity;
    this.target = parts.target;
    this.metrics = parts.metrics;
    this.rowCounts = parts.rowCounts;
    this.natives = parts.natives;
    this.start = parts.start;
    this.count = parts.count;
    this.size = parts.size;
    this.stamp = parts.stamp;
    this.replicas = parts.replicas;
    this.startedMs = this.#begin();
    this.lastMs = this.startedMs;
  }

  /** Undoes an end that no scrape has seen through. False when it is too late. */
  revive(): boolean {
    if (this.isGone) return false;
    this.isEnded = false;
    return true;
  }

  #begin(): number {
    return this.exporter && this.entity ? this.exporter.startedMs(this.entity) : 0;
  }

  /** Brings the values to the time of a scrape; counters that began anew since go on from 0. */
  evaluate(table: SeriesTable, scrape: Scrape): void {
    if (this.metrics.length === 0 && this.natives.length === 0) return;
    const entity = this.entity!;
    const startedMs = this.#begin();
    if (startedMs !== this.startedMs) {
      this.startedMs = startedMs;
      this.lastMs = startedMs;
      table.values.fill(0, this.start, this.start + this.count);
      for (const native of this.natives) native.reset();
    }
    scrape.seconds = Math.max(0, scrape.nowMs - this.lastMs) / 1000;
    this.lastMs = scrape.nowMs;
    const { values } = table;
    let slot = this.start;
    for (let i = 0; i < this.metrics.length; i++) {
      slot = this.metrics[i]!.write(values, slot, this.rowCounts[i]!, entity, scrape);
    }
    for (const native of this.natives) {
      native.observe(entity as never, scrape.seconds, scrape.random);
    }
  }
}
