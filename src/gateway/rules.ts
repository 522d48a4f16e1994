import { Intake } from '../formats/remote-write/intake.ts';
import type { Appender } from './appender.ts';
import { Batches } from './batches.ts';
import { Clusters } from './clusters.ts';
import type { GatewayCounters } from './counters.ts';
import { seriesFilter } from './filter.ts';
import type { GatewayOptions } from './options.ts';

/** What settings may change while the gateway runs. */
export type SeriesRules = Pick<
  GatewayOptions,
  'clusterLabels' | 'aliases' | 'tenants' | 'keep' | 'drop'
>;

/** Everything that depends on them, and is replaced when they change. */
export interface Rules {
  readonly intake: Intake;
  readonly batches: Batches;
  readonly clusters: Clusters;
}

export interface RulesParts {
  readonly appender: Appender;
  readonly counters: GatewayCounters;
  readonly random: () => number;
}

/** Throws `usage` on a bad selector. */
export function makeRules(options: GatewayOptions, parts: RulesParts): Rules {
  const { appender, counters } = parts;
  const keep = seriesFilter(options.keep, options.drop);
  const intake = new Intake({
    clusterLabels: options.clusterLabels,
    limits: options.writeLimits,
    seriesMax: options.knownSeriesMax,
    bytesMax: options.knownSeriesBytesMax,
    rejectionsMax: options.rejectionsMax,
    // Senders are not trusted: nobody can make series collide on purpose.
    seed: Math.floor(parts.random() * 2 ** 32),
    ...(keep ? { keep } : {}),
  });
  return {
    intake,
    batches: new Batches(options, { intake, appender, counters }),
    clusters: new Clusters({ ...options, partitions: appender.partitions }),
  };
}
