import { type JobName, jobs } from '../metrics/jobs.ts';
import type { Labels } from '../metrics/metric.ts';
import type { ScrapeReport } from '../metrics/scrape.ts';
import type { Entity } from '../model/entities.ts';
import type { Block } from './block.ts';

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
