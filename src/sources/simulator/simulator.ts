import { setImmediate } from 'node:timers/promises';
import { SeastateError } from '../../core/errors.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Fleet, SimulatedCluster } from './fleet.ts';
import { RequestMaker } from './sender/requests.ts';
import {
  type SendError,
  Sender,
  type SenderOptions,
  type SenderStats,
  senderDefaults,
} from './sender/sender.ts';

export interface SimulatorOptions
  extends Partial<Pick<SenderOptions, 'headers' | keyof typeof senderDefaults>> {
  readonly fleet: Fleet;
  /** Where remote write goes. */
  readonly url: string;
  readonly clock?: Clock;
  /**
   * How fast the time between the fleet's start and now passes: 60 = an hour in a minute. Without
   * it, as fast as the receiver takes it. From then on it runs with the clock.
   */
  readonly speed?: number;
  /** Ends there, with everything sent; without it, it goes on until `signal`. */
  readonly untilMs?: number;
  readonly signal?: AbortSignal;
  readonly onError?: (error: SendError) => void;
}

export interface SimulatorStats extends SenderStats {
  /** Series of the fleet at this moment. */
  readonly series: number;
  /** Histograms that the protocol cannot carry. */
  readonly droppedHistograms: number;
  /** How far the slowest cluster is behind the clock, ms. */
  readonly behindMs: number;
}

export interface Simulator {
  stats(): SimulatorStats;
  /** Resolves when the backlog is sent and the fleet runs with the clock. */
  readonly live: Promise<void>;
  /** Resolves when it ended, by `untilMs` or `signal`; rejects on a defect. */
  readonly ended: Promise<void>;
}

/** How often a cluster that is up to date looks at the clock. */
const lookMs = 250;
/** Time of the fleet that is made at one go. */
const sliceMs = 15_000;
/** So far behind, a cluster catches up: full requests, no pauses. */
const behindMaxMs = 30_000;

/** Sends a fleet to a remote write URL as its Prometheus servers would. Error: `usage`. */
export function startSimulator(options: SimulatorOptions): Simulator {
  const { fleet, clock = systemClock } = options;
  const runs = fleet.clusters.map((cluster) => new ClusterRun(cluster, options, clock));
  const live = Promise.all(runs.map((run) => run.live)).then(() => {});
  const ended = Promise.all(runs.map((run) => run.run())).then(() => {});
  const stats = (): SimulatorStats => {
    const senders = runs.flatMap((run) => run.senders.map((sender) => sender.stats));
    const sum = (of: (stats: SenderStats) => number): number =>
      senders.reduce((total, one) => total + of(one), 0);
    return {
      requests: sum((one) => one.requests),
      samples: sum((one) => one.samples),
      histograms: sum((one) => one.histograms),
      exemplars: sum((one) => one.exemplars),
      bytes: sum((one) => one.bytes),
      retries: sum((one) => one.retries),
      refusedRequests: sum((one) => one.refusedRequests),
      refusedSamples: sum((one) => one.refusedSamples),
      unconfirmed: sum((one) => one.unconfirmed),
      waitingRequests: sum((one) => one.waitingRequests),
      newestMs: Math.max(...senders.map((one) => one.newestMs)),
      series: fleet.seriesCount,
      droppedHistograms: runs.reduce((total, run) => total + run.maker.dropped, 0),
      behindMs: Math.max(...fleet.clusters.map(({ nowMs }) => clock.now() - nowMs)),
    };
  };
  return { stats, live, ended };
}

/** One cluster on its way through time, and the senders of its replicas. */
class ClusterRun {
  readonly senders: readonly Sender[];
  readonly maker: RequestMaker;
  readonly live: Promise<void>;
  readonly #cluster: SimulatedCluster;
  readonly #options: SimulatorOptions;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #startMs: number;
  #isLive: () => void = () => {};

  constructor(cluster: SimulatedCluster, options: SimulatorOptions, clock: Clock) {
    const { settings } = options.fleet;
    this.#cluster = cluster;
    this.#options = options;
    this.#clock = clock;
    this.#startedMs = clock.now();
    this.#startMs = settings.startMs;
    this.live = new Promise((resolve) => {
      this.#isLive = resolve;
    });
    this.maker = new RequestMaker(cluster, settings);
    const url = parseUrl(options.url);
    this.senders = cluster.model.replicas.map(
      () =>
        new Sender({
          ...senderDefaults,
          headers: {},
          onError: () => {},
          ...options,
          url,
          protocol: settings.protocol,
          shards: settings.shards,
          clock,
        }),
    );
  }

  async run(): Promise<void> {
    const { signal, untilMs = Number.POSITIVE_INFINITY } = this.#options;
    while (!signal?.aborted) {
      const targetMs = Math.min(this.#target(), untilMs);
      const behindMs = targetMs - this.#cluster.nowMs;
      if (behindMs > 0)
        await this.#step(Math.min(targetMs, this.#cluster.nowMs + sliceMs), behindMs);
      if (this.#cluster.nowMs >= untilMs) break;
      if (this.#cluster.nowMs >= this.#clock.now() - behindMaxMs) this.#isLive();
      // Between slices of the past everything else gets its turn.
      if (behindMs > sliceMs) await setImmediate();
      else await this.#clock.sleep(lookMs, signal);
    }
    this.#isLive();
    for (const sender of this.senders) {
      await sender.idle();
      sender.close();
    }
  }

  /** Up to where the fleet may be by now. */
  #target(): number {
    const nowMs = this.#clock.now();
    // What was scraped while the link is down waits, and is made when it is open again.
    if (this.#cluster.model.linkDownUntilMs > nowMs) return this.#cluster.nowMs;
    const { speed = Number.POSITIVE_INFINITY } = this.#options;
    if (speed === Number.POSITIVE_INFINITY) return nowMs;
    return Math.min(nowMs, this.#startMs + (nowMs - this.#startedMs) * speed);
  }

  async #step(untilMs: number, behindMs: number): Promise<void> {
    const flush = untilMs === this.#options.untilMs;
    const isCatchingUp = behindMs > behindMaxMs;
    for (const batch of this.#cluster.step(untilMs, { isCatchingUp, flush })) {
      for (const request of this.maker.requests(batch)) {
        await this.senders[batch.replica]!.push(request);
      }
      if (this.#options.signal?.aborted) return;
    }
  }
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) {
    throw new SeastateError('usage', `"${text}" is not a URL: write http://host:port/api/v1/write`);
  }
  return new URL(text);
}
