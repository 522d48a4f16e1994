import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesEvent } from '../kubernetes-events.ts';

export interface EventSenderOptions {
  /** `POST` takes JSON lines there. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** An answer that is final: these events are gone. */
  readonly onError: (message: string) => void;
  /** Events that wait; the oldest go first, counted in `dropped`. */
  readonly waitingMax?: number;
}

const flushMs = 500;
const retryMs = 1_000;
const linesMax = 500;

/** Posts the fleet's Kubernetes events as an event exporter with a cluster name does. */
export class EventSender {
  readonly #options: EventSenderOptions;
  readonly #waitingMax: number;
  #waiting: KubernetesEvent[] = [];
  dropped = 0;

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#waitingMax = options.waitingMax ?? 50_000;
  }

  push(event: KubernetesEvent): void {
    if (this.#waiting.length >= this.#waitingMax) {
      this.#waiting.shift();
      this.dropped++;
    }
    this.#waiting.push(event);
  }

  /** Sends until the signal aborts. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      const batch = this.#waiting.splice(0, linesMax);
      const wait = batch.length === 0 ? flushMs : (await this.#post(batch)) ? 0 : retryMs;
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }

  /** False when it is to be tried again. */
  async #post(batch: readonly KubernetesEvent[]): Promise<boolean> {
    const { url, headers, signal, onError } = this.#options;
    const body = batch
      .map(({ object, clusterId, cluster }) =>
        JSON.stringify({ ...object, clusterName: clusterId || cluster }),
      )
      .join('\n');
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-ndjson' },
        body,
        signal,
      });
      const text = await response.text();
      if (response.status >= 500) throw new Error(`answered ${response.status}`);
      if (!response.ok) onError(`events were refused (${response.status}): ${text.slice(0, 500)}`);
      return true;
    } catch {
      this.#waiting.unshift(...batch);
      return false;
    }
  }
}
