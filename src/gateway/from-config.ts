import type { Config } from '../config/schema.ts';
import { type GatewayOptions, gatewayOptions } from './options.ts';

/** The gateway's options as the configuration says. */
export function gatewayOptionsOf({ process, settings }: Config): GatewayOptions {
  const { limits, gateway } = process;
  return gatewayOptions({
    clusterLabels: settings.clusters.labels,
    aliases: settings.clusters.aliases,
    tenants: settings.clusters.tenants,
    keep: settings.keep,
    drop: settings.drop,
    encoding: process.log.encoding,
    bodyBytesMax: limits.body_size,
    decodedBytesMax: limits.decoded_size,
    writeLimits: {
      samplesMax: limits.samples,
      seriesMax: limits.series,
      exemplarsMax: limits.exemplars,
      symbolsMax: limits.symbols,
      labelsMax: limits.labels,
      labelBytesMax: limits.label_size,
    },
    inFlightBytesMax: limits.in_flight_size,
    inFlightRequestsMax: limits.in_flight_requests,
    lingerMs: gateway.linger,
    mergeBelowSamples: gateway.merge_below_samples,
    recordSamplesMax: gateway.record_samples,
    recordBytesMax: gateway.record_size,
    appendTimeoutMs: gateway.append_timeout,
    knownSeriesMax: gateway.known_series,
    knownSeriesBytesMax: gateway.known_series_size,
    clustersMax: gateway.clusters,
    familiesMax: gateway.metadata_families,
    metadataRepeatMs: gateway.metadata_repeat,
    clashWindowMs: gateway.clash_window,
    clockSkewMaxMs: gateway.clock_skew,
    retryAfterSeconds: {
      min: Math.ceil(limits.retry_after_min / 1000),
      max: Math.ceil(limits.retry_after_max / 1000),
    },
  });
}
