import type { Settings } from './settings.ts';

/**
 * `settings:` as the content of a `settings` record: what the engine and the processors read.
 * What the gateway alone reads (clusters, keep, drop) is in it too: a record tells by which rule
 * the ones after it were chosen.
 */
export function settingsContent(settings: Settings): Record<string, unknown> {
  const {
    version,
    clusters,
    replica_labels,
    keep,
    drop,
    limits,
    time,
    status_ticks,
    disabled,
    ...sections
  } = settings;
  return {
    clusters,
    keep,
    drop,
    replica_labels,
    series: {
      max_per_cluster: limits.series_per_cluster,
      births_per_tick: limits.births_per_tick,
      future_ms: time.future,
      end_after_ms: time.end_after,
      backlog_ms: time.backlog,
      forget_after_ms: time.forget_after,
      silent_max_ms: time.silent_max,
      forget_senders_ms: time.forget_senders,
      replica_lead_ms: time.replica_lead,
    },
    disabled,
    clusters_max: limits.clusters,
    senders_max: limits.senders,
    metadata_families_max: limits.metadata_families,
    status_ticks,
    ...sections,
  };
}
