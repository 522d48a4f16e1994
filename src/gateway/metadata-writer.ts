import { partitionOf } from '../core/placement.ts';
import type { FamilyMetadata, WriteColumns } from '../formats/remote-write/columns.ts';
import type { MetadataValue } from '../log/telemetry.ts';
import type { Appender } from './appender.ts';
import { keyOf, type Sender } from './clusters.ts';
import type { GatewayCounters } from './counters.ts';
import { MetadataBook, type MetadataOptions, sizeOf } from './metadata-book.ts';
import { jsonRecord } from './records.ts';

/** Characters of families in one record, about. */
const recordCharactersMax = 256 << 10;
/** The same of all records that one request makes, which holds for every cluster of its sender. */
const requestCharactersMax = 4 << 20;

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
   * wait for. Clusters that find no room get it with the next request.
   */
  write(sender: Sender, own: string, columns: WriteColumns, nowMs: number): Promise<void>[] {
    if (columns.metadataCount === 0) return [];
    const told = this.#book.of(keyOf(sender));
    for (let i = 0; i < columns.metadataCount; i++) {
      if (!told.tell(columns.metadata(i))) this.#counters.metadataOverLimit++;
    }
    if (told.clusters.length === 0) told.sees(own, nowMs);
    let room = requestCharactersMax;
    return told.clusters.flatMap((cluster) => {
      const taken = room > 0 ? told.take(cluster, nowMs) : [];
      room -= taken.reduce((sum, entry) => sum + sizeOf(entry), 0);
      const records = chunks(taken).map((families) =>
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
    const size = sizeOf(entry);
    if (room < size) {
      out.push([]);
      room = recordCharactersMax;
    }
    out.at(-1)!.push(entry);
    room -= size;
  }
  return out;
}
