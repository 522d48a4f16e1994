import { partitionOf } from '../core/placement.ts';
import type { FamilyMetadata, WriteColumns } from '../formats/remote-write/columns.ts';
import type { MetadataValue } from '../log/telemetry.ts';
import type { Appender } from './appender.ts';
import { keyOf, type Sender } from './clusters.ts';
import type { GatewayCounters } from './counters.ts';
import { MetadataBook, type MetadataOptions } from './metadata-book.ts';
import { jsonRecord } from './records.ts';

/** Characters of families in one record, about. */
const recordCharactersMax = 256 << 10;

/** Makes records of the metadata requests of remote write 1.0. */
export class MetadataWriter {
  readonly #book: MetadataBook;
  readonly #appender: Appender;
  readonly #counters: GatewayCounters;

  constructor(
    options: Omit<MetadataOptions, 'sendersMax'>,
    parts: { readonly appender: Appender; readonly counters: GatewayCounters },
  ) {
    this.#book = new MetadataBook({ ...options, sendersMax: options.clustersMax });
    this.#appender = parts.appender;
    this.#counters = parts.counters;
  }

  /** The sender writes to that cluster, so its metadata holds there. */
  sees(sender: Sender, cluster: string, nowMs: number): void {
    this.#book.of(keyOf(sender)).sees(cluster, nowMs);
  }

  /**
   * Appends what is new to the sender's clusters, or to `own` while it has none; returns what to
   * wait for.
   */
  write(sender: Sender, own: string, columns: WriteColumns, nowMs: number): Promise<void>[] {
    if (columns.metadataCount === 0) return [];
    const told = this.#book.of(keyOf(sender));
    for (let i = 0; i < columns.metadataCount; i++) {
      if (!told.tell(columns.metadata(i))) this.#counters.metadataOverLimit++;
    }
    if (told.clusters.length === 0) told.sees(own, nowMs);
    return told.clusters.flatMap((cluster) => {
      const records = chunks(told.take(cluster, nowMs)).map((families) =>
        jsonRecord('metadata', { families } satisfies MetadataValue, {
          tenant: sender.tenant,
          cluster,
        }),
      );
      const partition = partitionOf(sender.tenant, cluster, this.#appender.partitions);
      return records.map(async (record) => {
        try {
          await this.#appender.append(partition, record);
          this.#counters.metadataRecords++;
        } catch (error) {
          told.failed(cluster);
          throw error;
        }
      });
    });
  }
}

function chunks(families: readonly FamilyMetadata[]): FamilyMetadata[][] {
  const out: FamilyMetadata[][] = [];
  let room = 0;
  for (const entry of families) {
    const size = entry.family.length + entry.help.length + entry.unit.length + 64;
    if (room < size) {
      out.push([]);
      room = recordCharactersMax;
    }
    out.at(-1)!.push(entry);
    room -= size;
  }
  return out;
}
