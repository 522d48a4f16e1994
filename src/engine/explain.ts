import { type Matcher, matchLabels } from '../core/matchers.ts';
import type { Host } from './context.ts';
import type { ClusterView } from './processor.ts';
import type { TrackedSeries } from './selection.ts';

/** What a partition knows of one series, for people. */
export interface SeriesExplanation {
  readonly tenant: string;
  readonly cluster: string;
  readonly cluster_title: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it still reports; else it ended and is remembered for a while. */
  readonly live: boolean;
  /** ms between samples; ms of the newest one. */
  readonly interval: number;
  readonly last: number;
  /** ms, its sender's clock. */
  readonly clock: number;
  /** What each processor says, by its name; those that say nothing are left out. */
  readonly processors: Readonly<Record<string, object>>;
}

/** The tracked series that match, and what processors say of them. Changes nothing. */
export function* explainSeries(
  matchers: readonly Matcher[],
  series: TrackedSeries,
  clusters: ClusterView,
  hosts: readonly Host[],
): Iterable<SeriesExplanation> {
  for (let slot = 0; slot < series.count; slot++) {
    if (!series.isTracked(slot)) continue;
    const cluster = series.cluster(slot);
    // A series may carry no label of its own that names its cluster.
    const get = (name: string): string =>
      series.label(slot, name) || (name === 'cluster' ? clusters.name(cluster) : '');
    if (!matchLabels(matchers, get)) continue;
    const said = hosts.flatMap(({ definition, handlers }) => {
      const what = handlers.explain?.(slot);
      return what ? [[definition.name, what] as const] : [];
    });
    yield {
      tenant: clusters.tenant(cluster),
      cluster: clusters.name(cluster),
      cluster_title: clusters.title(cluster),
      labels: Object.fromEntries(series.labels(slot)),
      live: series.isLive(slot),
      interval: series.interval(slot),
      last: series.lastTime(slot),
      clock: series.clock(slot),
      processors: Object.fromEntries(said),
    };
  }
}
