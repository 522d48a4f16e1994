import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRequest, type SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';

const clusters = 6;
const seriesPerCluster = 40;

/**
 * Sends samples of a few clusters with alerts that come and go, and keeps what was acknowledged.
 */
export class Sender {
  #state: number;
  #time = Date.now();
  #round = 0;
  /** `cluster name time value` of every sample that got a 2xx. */
  readonly acknowledged = new Set<string>();

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** xorshift32: the same seed, the same load. */
  #random(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low));
  }

  run(url: () => string): { stop(): Promise<void> } {
    let isStopping = false;
    const loop = async (): Promise<void> => {
      while (!isStopping) {
        await this.#sendRound(url());
        await sleep(5);
      }
    };
    const running = loop();
    return {
      stop: async () => {
        isStopping = true;
        await running;
      },
    };
  }

  /** One scrape of every cluster, clusters in parallel. What fails is sent again by nobody. */
  async #sendRound(url: string): Promise<void> {
    this.#round++;
    this.#time = Math.max(this.#time + 1, Date.now());
    const bodies = Array.from({ length: clusters }, (_, c) => this.#scrape(c));
    await Promise.all(bodies.map((series) => this.send(url, series).catch(() => {})));
  }

  #scrape(c: number): SeriesInput[] {
    const time = this.#time;
    const cluster = ['cluster', `c${c}`] as const;
    const series: SeriesInput[] = Array.from({ length: seriesPerCluster }, (_, i) => ({
      labels: [['__name__', i === 0 ? 'apiserver_request_total' : `metric_${i}`], cluster],
      samples: [{ time, value: Math.round(this.#random() * 1e6) }],
    }));
    for (let a = 0; a < 4; a++) {
      const phase = (this.#round + 3 * a + c) % 12;
      if (phase < 4) continue;
      series.push({
        labels: [
          ['__name__', 'ALERTS'],
          ['alertname', `Alert${a}`],
          ['alertstate', 'firing'],
          cluster,
        ],
        samples: [{ time, value: phase === 11 ? 'stale' : 1 }],
      });
    }
    return series;
  }

  async send(url: string, series: readonly SeriesInput[]): Promise<void> {
    const response = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '2.0.0',
      },
      body: compress(encodeRequest(series)) as Uint8Array<ArrayBuffer>,
    });
    await response.arrayBuffer();
    if (!response.ok) return;
    for (const { labels, samples } of series) {
      const name = labels.map(([, value]) => value).join(' ');
      for (const { time, value } of samples!) this.acknowledged.add(`${name} ${time} ${value}`);
    }
  }
}
