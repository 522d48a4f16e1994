import { buildInfo } from './build.ts';
import { type GatewayNumbers, gatewayFamilies, gatewayHistograms } from './gateway-metrics.ts';
import { type JournalNumbers, journalFamilies } from './journal-metrics.ts';
import { type PartitionNumbers, partitionFamilies } from './partition-metrics.ts';
import { counter, type Family, gauge, type HistogramFamily, MetricPages } from './registry.ts';
import { type SinkNumbers, sinkFamilies } from './sink-metrics.ts';
import { type SourceNumbers, sourceFamilies } from './source-metrics.ts';
import { type StageNumbers, stageFamilies } from './stage-metrics.ts';

/** Where the numbers stand: the parts themselves. */
export interface MetricSources
  extends GatewayNumbers,
    SourceNumbers,
    JournalNumbers,
    PartitionNumbers,
    StageNumbers,
    SinkNumbers {
  readonly live: { readonly clients: number; readonly dropped: number };
  readonly reloads: ReloadState;
}

/** Of the configuration: kept by whoever reloads it. */
export interface ReloadState {
  lastSuccessful: boolean;
  /** Seconds since the epoch. */
  lastSuccessSeconds: number;
}

/** Every metric of our own; docs/reference/metrics.md is made of this list. */
export const families: readonly Family<MetricSources>[] = [
  gauge('build_info', 'What runs; always 1.', (_, tell) => tell(1, buildInfo)),
  gauge('ready', '1 when writes are taken.', ({ gateway }, tell) =>
    tell(gateway.notReady.length === 0 ? 1 : 0),
  ),
  gauge('config_last_reload_successful', '1 when the last reload was good.', (s, tell) =>
    tell(s.reloads.lastSuccessful ? 1 : 0),
  ),
  gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the configuration in force was read.',
    (s, tell) => tell(s.reloads.lastSuccessSeconds),
  ),

  ...gatewayFamilies,
  ...sourceFamilies,

  ...journalFamilies,
  ...partitionFamilies,
  ...stageFamilies,

  gauge('live_clients', 'Clients of the live stream.', ({ live }, tell) => tell(live.clients)),
  counter(
    'live_dropped_clients',
    'Clients that were cut off because they did not read.',
    ({ live }, tell) => tell(live.dropped),
  ),
  ...sinkFamilies,
];

export const histograms: readonly HistogramFamily<MetricSources>[] = gatewayHistograms;

/** Our own metrics, as `/metrics` shows them. */
export class OwnMetrics {
  readonly reloads: ReloadState;
  readonly #pages = new MetricPages();

  /** `startedMs`: when the first configuration was read. */
  constructor(sources: Omit<MetricSources, 'reloads'>, startedMs: number = Date.now()) {
    this.reloads = { lastSuccessful: true, lastSuccessSeconds: startedMs / 1000 };
    const all = { ...sources, reloads: this.reloads };
    for (const family of families) this.#pages.add(all, family);
    for (const family of histograms) this.#pages.addHistogram(all, family);
  }

  /** As the Accept header asks: OpenMetrics, or the older text. */
  render(accept: string): Promise<{ contentType: string; body: string }> {
    return this.#pages.render(accept);
  }
}
