import { compress } from '../../../formats/snappy/snappy.ts';
import type { SimulatedCluster } from '../fleet.ts';
import type { FleetSettings } from '../options.ts';
import type { Batch } from '../scrape/batch.ts';
import type { BodyEncoder } from '../wire/encoder.ts';
import { EncoderV1 } from '../wire/encoder-v1.ts';
import { EncoderV2 } from '../wire/encoder-v2.ts';
import { metadataBodies } from '../wire/metadata-v1.ts';

/** A request as it goes over HTTP. */
export interface WriteRequest {
  readonly cluster: string;
  readonly replica: number;
  readonly shard: number;
  /** Snappy block. */
  readonly body: Uint8Array;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
  /** Time of its newest sample, ms; 0 for metadata. */
  readonly newestMs: number;
}

/** Protocol 1 sends metadata once in so long, by the clock of the samples. */
const metadataMs = 60_000;

/** Makes the requests of one cluster's replicas from their batches. */
export class RequestMaker {
  readonly #cluster: SimulatedCluster;
  readonly #settings: FleetSettings;
  readonly #encoders: readonly BodyEncoder[];
  readonly #metadataDueMs: number[];

  constructor(cluster: SimulatedCluster, settings: FleetSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    const Encoder = settings.protocol === 1 ? EncoderV1 : EncoderV2;
    this.#encoders = cluster.model.replicas.map(
      ({ name }) =>
        new Encoder({
          table: cluster.table,
          replica: name,
          metadata: settings.metadata,
          templatesMax: templatesOf(cluster, settings),
        }),
    );
    this.#metadataDueMs = this.#encoders.map(() => 0);
  }

  /** Histograms that the protocol cannot carry. */
  get dropped(): number {
    return this.#encoders.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  *requests(batch: Batch): Generator<WriteRequest, void> {
    const { replica, shard, newestMs } = batch;
    const origin = { cluster: this.#cluster.model.name, replica, shard };
    if (this.#settings.protocol === 1 && this.#settings.metadata) {
      if (newestMs >= this.#metadataDueMs[replica]!) {
        this.#metadataDueMs[replica] = newestMs + metadataMs;
        for (const body of metadataBodies(this.#cluster.table.families.all)) {
          const nothing = { samples: 0, histograms: 0, exemplars: 0, newestMs: 0 };
          yield { ...origin, body: compress(body), ...nothing };
        }
      }
    }
    const { bytes, ...counts } = this.#encoders[replica]!.encode(batch);
    yield { ...origin, body: compress(bytes), ...counts, newestMs };
  }
}

/** Room for the bodies of an interval twice, as churn replaces them. */
function templatesOf(cluster: SimulatedCluster, settings: FleetSettings): number {
  const full = Math.ceil(cluster.table.live / settings.samplesPerRequest);
  const late = Math.ceil(settings.intervalMs / settings.sendDeadlineMs);
  return 2 * (full + late * settings.shards) + 2;
}
