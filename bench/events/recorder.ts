import type { KubernetesEvent } from '../../src/formats/kubernetes-events/event.ts';
import { readKubernetesEvents } from '../../src/formats/kubernetes-events/read.ts';

/** What an emitter says. */
export interface Said {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  readonly component: string;
  readonly host?: string;
  readonly warning?: boolean;
}

interface Stored {
  readonly name: string;
  readonly first: number;
  count: number;
}

interface Bucket {
  tokens: number;
  /** What other events leave of the burst. */
  readonly most: number;
  at: number;
}

const burst = 25;
const refillMs = 300_000;

/**
 * Stands for client-go's recorders: repeats of the same text are counted in one Event object, and
 * the spam filter lets 25 pass per source, object and type, then one per 5 minutes. `load` (0 to 1)
 * is how busy the emitters are with other events: so much less is left for those told here.
 */
export class Recorder {
  readonly #stored = new Map<string, Stored>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #random: () => number;
  readonly #load: number;
  said = 0;
  lost = 0;

  constructor(random: () => number, load = 0) {
    this.#random = random;
    this.#load = load;
  }

  /** The event as it arrives, or null when the filter took it. */
  say(time: number, said: Said): KubernetesEvent | null {
    this.said++;
    const source = `${said.component}/${said.host ?? ''}`;
    const object = `${said.kind}/${said.namespace ?? ''}/${said.name}`;
    if (!this.#passes(time, `${source}\0${object}\0${said.warning ?? false}`)) {
      this.lost++;
      return null;
    }
    const key = `${source}\0${object}\0${said.reason}\0${said.message}`;
    let stored = this.#stored.get(key);
    if (stored === undefined) {
      const clock = (BigInt(Math.floor(time)) * 1_000_000n + 4711n).toString(16);
      stored = { name: `${said.name}.${clock}`, first: time, count: 0 };
      this.#stored.set(key, stored);
    }
    stored.count++;
    const verb = stored.count === 1 ? 'ADDED' : 'UPDATED';
    const text = JSON.stringify({ verb, event: eventOf(said, stored, time) });
    return readKubernetesEvents(Buffer.from(text)).events[0]!;
  }

  #passes(time: number, key: string): boolean {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      const busy = this.#random() < this.#load;
      const most = busy ? 1 : burst;
      bucket = { tokens: busy ? this.#random() * most : most, most, at: time };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(bucket.most, bucket.tokens + (time - bucket.at) / refillMs);
    bucket.at = time;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

const second = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function eventOf(said: Said, stored: Stored, time: number): object {
  return {
    metadata: {
      name: stored.name,
      namespace: said.namespace ?? 'default',
      uid: stored.name,
      creationTimestamp: second(stored.first),
    },
    involvedObject: {
      kind: said.kind,
      name: said.name,
      ...(said.namespace ? { namespace: said.namespace } : {}),
    },
    reason: said.reason,
    message: said.message,
    source: { component: said.component, ...(said.host ? { host: said.host } : {}) },
    firstTimestamp: second(stored.first),
    lastTimestamp: second(time),
    count: stored.count,
    type: said.warning ? 'Warning' : 'Normal',
    eventTime: null,
    reportingComponent: said.component,
  };
}
