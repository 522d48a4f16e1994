import type { Clusters } from './clusters.ts';
import type { Host } from './context.ts';
import type { Counters } from './counters.ts';
import type { Note } from './processor.ts';
import type { SeriesTracker } from './series/tracker.ts';
import type { StageSetup } from './stage.ts';
import type { StatusData } from './status-schema.ts';

type ProcessorNote = Note & { readonly processor: string };

/** Notes of one processor about one tenant. */
const notesMax = 50;
/** Bytes of lists in one record: half of what Kafka takes by default. */
const partBytesMax = 512 * 1024;

/** Selectors of one processor there: settings cannot hold more. */
const unmatchedMax = 512;

/** What the processors want people to look at. */
function notesOf(hosts: readonly Host[], clusters: Clusters): ProcessorNote[] {
  return hosts.flatMap(({ definition, handlers }) => {
    const told = new Map<string, number>();
    return (handlers.notes?.() ?? [])
      .filter(({ cluster }) => {
        const tenant = clusters.tenant(cluster);
        const before = told.get(tenant) ?? 0;
        told.set(tenant, before + 1);
        return before < notesMax;
      })
      .map((note) => ({ processor: definition.name, ...note }));
  });
}

export function statusData(
  setup: StageSetup,
  progress: { logTime: number; tick: number; settings: { version: number } },
  clusters: Clusters,
  counters: Counters,
  tracker: SeriesTracker,
  hosts: readonly Host[],
  defaulted: readonly string[],
): StatusData[] {
  return partsOf({
    stage: setup.stage,
    partition: setup.partition,
    tick: progress.tick,
    log_time: progress.logTime,
    settings_version: progress.settings.version,
    series: tracker.liveCount,
    counters: counters.of(-1),
    clusters: Array.from({ length: clusters.count }, (_, i) => ({
      tenant: clusters.tenant(i),
      cluster: clusters.name(i),
      title: clusters.title(i),
      series: tracker.seriesOf(i),
      counters: counters.of(i),
    })),
    senders: tracker.senders.status().map(({ cluster, ...sender }) => ({
      tenant: clusters.tenant(cluster),
      cluster: clusters.name(cluster),
      ...sender,
    })),
    notes: notesOf(hosts, clusters).map(({ processor, cluster, what, count, seen }) => ({
      processor,
      tenant: clusters.tenant(cluster),
      cluster: clusters.name(cluster),
      what,
      count,
      seen,
    })),
    unmatched: hosts.flatMap((host) => host.unmatched().slice(0, unmatchedMax)),
    ...(defaulted.length > 0 && { defaulted }),
  });
}

type Lists = Pick<StatusData, 'clusters' | 'senders' | 'notes'>;

/** The same in records of bounded size. */
function partsOf(data: StatusData): StatusData[] {
  const parts: { [K in keyof Lists]: Lists[K][number][] }[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const list of ['clusters', 'senders', 'notes'] as const) {
    for (const item of data[list]) {
      const size = Buffer.byteLength(JSON.stringify(item));
      if (bytes + size > partBytesMax) {
        parts.push({ clusters: [], senders: [], notes: [] });
        bytes = 0;
      }
      (parts.at(-1)![list] as object[]).push(item);
      bytes += size;
    }
  }
  if (parts.length === 0) parts.push({ clusters: [], senders: [], notes: [] });
  const none = { series: 0, counters: {}, unmatched: [], defaulted: undefined };
  return parts.map((lists, part) => ({
    ...data,
    ...(part > 0 && none),
    ...lists,
    part,
    parts: parts.length,
  }));
}
