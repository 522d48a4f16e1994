import { partitionOf } from '../core/placement.ts';
import type { BodyEncoding } from '../formats/snappy/body-encoding.ts';
import type { BatchOwner } from './batches.ts';
import { samplesHeaders } from './records.ts';

/** Who sends: the name of the credential and its tenant. */
export interface Sender {
  readonly name: string;
  readonly tenant: string;
}

/** One key per sender. */
export const keyOf = ({ tenant, name }: Sender): string => `${tenant}\0${name}`;

/** What the gateway remembers of one cluster: where its records go and what waits for it. */
export interface Cluster extends BatchOwner {
  readonly tenant: string;
  readonly name: string;
  /** The credential that wrote last, and when (ms). */
  sender: string;
  senderMs: number;
}

/** One cluster that several credentials write to. */
export interface IdentityClash {
  readonly tenant: string;
  readonly cluster: string;
  /** Names of the credentials, the newest last. */
  readonly senders: readonly string[];
  readonly count: number;
  readonly lastMs: number;
}

export interface ClusterOptions {
  readonly partitions: number;
  readonly encoding: BodyEncoding;
  readonly aliases: Readonly<Record<string, string>>;
  readonly clustersMax: number;
  readonly clashWindowMs: number;
}

/** Clashes and senders per clash that are listed. */
const clashesMax = 100;
const sendersMax = 4;

export class Clusters {
  readonly #options: ClusterOptions;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Cluster>();
  readonly #clashes = new Map<string, IdentityClash>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#aliases = new Map(Object.entries(options.aliases));
  }

  get count(): number {
    return this.#known.size;
  }

  /** The newest last. */
  get clashes(): readonly IdentityClash[] {
    return [...this.#clashes.values()];
  }

  /** The cluster that a label value stands for; '' stands for the sender's own name. */
  find(sender: Sender, label: string): Cluster {
    const given = label === '' ? sender.name : label;
    const name = this.#aliases.get(given) ?? given;
    const key = `${sender.tenant}\0${name}`;
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#known.size >= this.#options.clustersMax) this.#forgetOldest();
    const { partitions, encoding } = this.#options;
    const cluster: Cluster = {
      tenant: sender.tenant,
      name,
      partition: partitionOf(sender.tenant, name, partitions),
      headers: samplesHeaders({ tenant: sender.tenant, cluster: name }, encoding),
      batch: undefined,
      sender: '',
      senderMs: Number.NEGATIVE_INFINITY,
    };
    this.#known.set(key, cluster);
    return cluster;
  }

  /** A tenth of what has no records waiting: forgetting costs nothing but learning again. */
  #forgetOldest(): void {
    let left = Math.ceil(this.#options.clustersMax / 10);
    for (const [key, cluster] of this.#known) {
      if (cluster.batch) continue;
      this.#known.delete(key);
      if (--left === 0) return;
    }
  }

  /** Notes who writes to a cluster; true when another credential did so a short while ago. */
  note(cluster: Cluster, sender: string, nowMs: number): boolean {
    const previous = cluster.sender;
    const clash = previous !== sender && nowMs - cluster.senderMs < this.#options.clashWindowMs;
    cluster.sender = sender;
    cluster.senderMs = nowMs;
    if (clash) this.#clash(cluster, previous, nowMs);
    return clash;
  }

  #clash({ tenant, name, sender }: Cluster, previous: string, nowMs: number): void {
    const key = `${tenant}\0${name}`;
    const known = this.#clashes.get(key);
    const others = (known?.senders ?? [previous]).filter((other) => other !== sender);
    this.#clashes.delete(key);
    this.#clashes.set(key, {
      tenant,
      cluster: name,
      senders: [...others.slice(1 - sendersMax), sender],
      count: (known?.count ?? 0) + 1,
      lastMs: nowMs,
    });
    if (this.#clashes.size > clashesMax) this.#clashes.delete(this.#clashes.keys().next().value!);
  }
}
