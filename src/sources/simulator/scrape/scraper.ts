import { utf8 } from '../../../core/bytes.ts';
import { xxh32 } from '../../../core/xxh32.ts';
import type { Appointment } from '../agenda.ts';
import type { Scrape } from '../metrics/metric.ts';
import type { Cluster, Replica } from '../model/entities.ts';
import type { Random } from '../random.ts';
import { histogramMessage, staleHistogram } from '../wire/native-histogram.ts';
import type { Queues } from './queues.ts';
import type { Registry } from './registry.ts';
import type { Block, Target } from './target.ts';

export interface ScraperOptions {
  readonly cluster: Cluster;
  readonly registry: Registry;
  readonly queues: Queues;
  readonly random: Random;
  readonly intervalMs: number;
  readonly evaluationMs: number;
  readonly exemplars: boolean;
  /** Brings the alerts of a replica up to date, before what rules made is read. */
  readonly evaluate: (replica: Replica, nowMs: number) => void;
}

/**
 * The scrape loops of a cluster's Prometheus replicas: each target at its own moment of the
 * interval, which each replica chooses for itself, as Prometheus does by a hash.
 */
export class Scraper {
  readonly #options: ScraperOptions;
  readonly #scrape: Scrape;
  /** Ended blocks that requests on their way may still name. */
  readonly #limbo: { readonly block: Block; readonly sinceMs: number }[] = [];
  #limboSeries = 0;
  #exemplars: { slot: number; value: number }[] = [];

  constructor(options: ScraperOptions) {
    this.#options = options;
    this.#scrape = {
      nowMs: 0,
      seconds: 0,
      random: options.random,
      exemplar: (slot, value) => this.#exemplars.push({ slot, value }),
    };
  }

  /** Series that are scraped or will be marked as stale. */
  get liveSeries(): number {
    return this.#options.registry.table.live - this.#limboSeries;
  }

  /** Begins to scrape a target, from its next moment on. */
  start(target: Target): void {
    const { cluster, intervalMs, evaluationMs } = this.#options;
    const everyMs = target.job === 'rules' ? evaluationMs : intervalMs;
    for (const replica of cluster.replicas) {
      const offset = offsetOf(target, replica) % everyMs;
      const firstMs = Math.ceil((cluster.nowMs + 1 - offset) / everyMs) * everyMs + offset;
      const loop: Appointment = {
        run: (nowMs) => {
          if (replica.up) this.#visit(target, replica, nowMs);
          if (target.blocks.size > 0 || target.reportBlock?.isGone === false) {
            cluster.agenda.at(nowMs + everyMs, loop);
          }
        },
      };
      cluster.agenda.at(firstMs, loop);
    }
  }

  /** A replica that stops forgets what it scraped: it will send no stale markers for that. */
  forget(replica: Replica): void {
    for (const target of this.#options.registry.targets) {
      for (const block of target.blocks) this.#unsee(block, replica);
      if (target.reportBlock) this.#unsee(target.reportBlock, replica);
    }
  }

  #unsee(block: Block, replica: Replica): void {
    block.seenBy &= ~(1 << replica.index);
    if (block.isEnded && block.seenBy === 0) this.#retire(block);
  }

  #visit(target: Target, replica: Replica, nowMs: number): void {
    this.#reclaim();
    if (target.job === 'rules') this.#options.evaluate(replica, nowMs);
    const isUp = target.isUp;
    const bit = 1 << replica.index;
    let samples = 0;
    let added = 0;
    for (const block of target.blocks) {
      if ((block.replicas & bit) === 0) continue;
      if (block.isEnded || !isUp) {
        this.#stale(block, replica, nowMs);
        continue;
      }
      samples += block.size;
      if ((block.seenBy & bit) === 0) added += block.size;
      this.#send(block, replica, nowMs);
    }
    this.#report(target, replica, { isUp, samples, added, nowMs });
  }

  #report(
    target: Target,
    replica: Replica,
    scraped: { isUp: boolean; samples: number; added: number; nowMs: number },
  ): void {
    const { reportBlock, report } = target;
    if (!reportBlock) return;
    if (!target.isKnown) {
      reportBlock.isEnded = true;
      reportBlock.endedMs = scraped.nowMs;
      this.#stale(reportBlock, replica, scraped.nowMs);
      return;
    }
    reportBlock.revive();
    report.isUp = scraped.isUp;
    report.samples = scraped.samples;
    report.seriesAdded = scraped.added;
    report.seconds = scraped.isUp ? 0.003 + scraped.samples * 6e-6 : 10;
    report.seconds *= 0.9 + 0.2 * this.#options.random.next();
    this.#send(reportBlock, replica, scraped.nowMs);
  }

  #send(block: Block, replica: Replica, nowMs: number): void {
    const { registry, queues } = this.#options;
    this.#scrape.nowMs = nowMs;
    block.evaluate(registry.table, this.#scrape);
    queues.samples(replica.index, registry.table.words, block.start, block.count, nowMs);
    for (const native of block.natives) {
      const message = histogramMessage(native, nowMs);
      queues.extra(replica.index, { kind: 'histogram', slot: native.slot, message }, nowMs);
    }
    if (this.#exemplars.length > 0) this.#sendExemplars(replica, nowMs);
    block.seenBy |= 1 << replica.index;
    replica.samplesSent += block.size;
  }

  #sendExemplars(replica: Replica, nowMs: number): void {
    const { queues, random, exemplars } = this.#options;
    const found = this.#exemplars;
    this.#exemplars = [];
    if (!exemplars) return;
    for (const { slot, value } of found) {
      const timeMs = nowMs - random.below(2000);
      const traceId = random.hex(32);
      queues.extra(replica.index, { kind: 'exemplar', slot, timeMs, value, traceId }, nowMs);
    }
  }

  #stale(block: Block, replica: Replica, nowMs: number): void {
    const bit = 1 << replica.index;
    if ((block.seenBy & bit) !== 0) {
      const { queues } = this.#options;
      queues.stale(replica.index, block.start, block.count, nowMs);
      for (const { slot } of block.natives) {
        const message = staleHistogram(nowMs);
        queues.extra(replica.index, { kind: 'histogram', slot, message }, nowMs);
      }
      block.seenBy &= ~bit;
    }
    if (block.isEnded && block.seenBy === 0) this.#retire(block);
  }

  #retire(block: Block): void {
    if (block.isGone) return;
    block.isGone = true;
    const { target } = block;
    target.blocks.delete(block);
    this.#limbo.push({ block, sinceMs: this.#options.cluster.nowMs });
    this.#limboSeries += block.size;
    if (target.blocks.size === 0 && (!target.reportBlock || target.reportBlock.isGone)) {
      this.#options.registry.dropTarget(target);
    }
  }

  /** Gives slots back that no waiting request can name. */
  #reclaim(): void {
    if (this.#limbo.length === 0) return;
    const { queues, registry } = this.#options;
    const oldestMs = queues.oldestMs;
    let count = 0;
    while (count < this.#limbo.length && this.#limbo[count]!.sinceMs < oldestMs) {
      const { block } = this.#limbo[count++]!;
      registry.table.remove(block.start, block.size);
      this.#limboSeries -= block.size;
    }
    this.#limbo.splice(0, count);
  }
}

function offsetOf(target: Target, replica: Replica): number {
  const names = [replica.cluster.id, replica.name, target.job, ...Object.values(target.labels)];
  return xxh32(utf8(names.join(' ')));
}
