import type { FamilyMetadata } from '../formats/remote-write/columns.ts';

/**
 * Metadata that senders of remote write 1.0 tell in requests of their own, every minute and the
 * same each time. Such a request names no cluster: it holds for all that its sender writes to. Per
 * sender each family has the number of its last change, and each cluster the number up to which it
 * was written, so that a cluster gets what is new to it and nothing twice.
 */
export interface MetadataOptions {
  /** Families and clusters remembered per sender; senders remembered. */
  readonly familiesMax: number;
  readonly clustersMax: number;
  readonly sendersMax: number;
  /** Everything is written again after this time, for readers who begin later. */
  readonly metadataRepeatMs: number;
}

export class MetadataBook {
  readonly #options: MetadataOptions;
  readonly #senders = new Map<string, SenderMetadata>();

  constructor(options: MetadataOptions) {
    this.#options = options;
  }

  /** What a sender has told. `key` is its tenant and name. */
  of(key: string): SenderMetadata {
    const known = this.#senders.get(key);
    if (known) return known;
    if (this.#senders.size >= this.#options.sendersMax) {
      this.#senders.delete(this.#senders.keys().next().value!);
    }
    const sender = new SenderMetadata(this.#options);
    this.#senders.set(key, sender);
    return sender;
  }
}

interface Written {
  /** Number of the newest change that the cluster has got. */
  change: number;
  /** When it was last given everything, ms. */
  sinceMs: number;
  /** When the sender last wrote to it, ms. */
  seenMs: number;
}

/** Longer texts are cut: they are for people. */
const textMax = 4_096;
const familyMax = 1_024;
/** Characters of all families of a sender. */
const charactersMax = 16 << 20;

export class SenderMetadata {
  readonly #options: MetadataOptions;
  readonly #families = new Map<string, { readonly metadata: FamilyMetadata; change: number }>();
  readonly #written = new Map<string, Written>();
  #change = 0;
  #characters = 0;

  constructor(options: MetadataOptions) {
    this.#options = options;
  }

  /** Clusters that the sender writes to, as far as is known. */
  get clusters(): string[] {
    return [...this.#written.keys()];
  }

  /** The sender writes to that cluster. */
  sees(cluster: string, nowMs: number): void {
    const known = this.#written.get(cluster);
    if (known) known.seenMs = nowMs;
    else if (this.#written.size < this.#options.clustersMax) {
      this.#written.set(cluster, { change: 0, sinceMs: nowMs, seenMs: nowMs });
    }
  }

  /** False when it is over a limit and not kept. */
  tell({ family, type, help, unit }: FamilyMetadata): boolean {
    if (family.length > familyMax) return false;
    const next = { family, type, help: help.slice(0, textMax), unit: unit.slice(0, textMax) };
    const known = this.#families.get(family)?.metadata;
    if (known?.type === type && known.help === next.help && known.unit === next.unit) return true;
    if (!known && this.#families.size >= this.#options.familiesMax) return false;
    const characters = this.#characters + sizeOf(next) - (known ? sizeOf(known) : 0);
    if (characters > charactersMax) return false;
    this.#characters = characters;
    this.#families.set(family, { metadata: next, change: ++this.#change });
    return true;
  }

  /** What a cluster lacks; it counts as written until `failed`. */
  take(cluster: string, nowMs: number): FamilyMetadata[] {
    const written = this.#written.get(cluster);
    if (!written) return [];
    const { metadataRepeatMs } = this.#options;
    if (nowMs - written.seenMs >= metadataRepeatMs) {
      this.#written.delete(cluster);
      return [];
    }
    if (nowMs - written.sinceMs >= metadataRepeatMs) {
      written.change = 0;
      written.sinceMs = nowMs;
    }
    const since = written.change;
    written.change = this.#change;
    if (since === this.#change) return [];
    // Whoever was given something waits behind the others next time.
    this.#written.delete(cluster);
    this.#written.set(cluster, written);
    return [...this.#families.values()]
      .filter(({ change }) => change > since)
      .map(({ metadata }) => metadata);
  }

  /** What was taken did not become durable: the cluster lacks everything again. */
  failed(cluster: string): void {
    const written = this.#written.get(cluster);
    if (written) written.change = 0;
  }
}

/** Characters of a family, about. */
export const sizeOf = ({ family, help, unit }: FamilyMetadata): number =>
  family.length + help.length + unit.length + 64;
