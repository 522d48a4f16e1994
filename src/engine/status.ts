import type { Clusters } from './clusters.ts';
import type { Host, Unmatched } from './context.ts';
import type { Counters } from './counters.ts';
import type { Note } from './processor.ts';
import type { SenderStatus } from './series/senders.ts';
import type { SeriesTracker } from './series/tracker.ts';
import type { StageSetup } from './stage.ts';

/**
 * Data of a `status` output: what a partition has done so far; counters only grow. Lists that are
 * too long for one record go on in further parts of the same tick, which hold nothing else.
 */
export interface StatusData {
  readonly stage: string;
  readonly partition: number;
  readonly tick: number;
  /** From 0; records of older programs have no parts. */
  readonly part?: number;
  readonly parts?: number;
  /** ms */
  readonly log_time: number;
  readonly settings_version: number;
  /** Tracked series. */
  readonly series: number;
  /** Counters of the partition as a whole, by reason. */
  readonly counters: Readonly<Record<string, number>>;
  readonly clusters: readonly {
    readonly tenant: string;
    readonly cluster: string;
    readonly title: string;
    readonly series: number;
    readonly counters: Readonly<Record<string, number>>;
  }[];
  readonly senders: readonly (Omit<SenderStatus, 'cluster'> & {
    readonly tenant: string;
    readonly cluster: string;
  })[];
  /** What processors want people to look at, such as reasons that no rule knows. */
  readonly notes: readonly {
    readonly processor: string;
    readonly tenant: string;
    readonly cluster: string;
    readonly what: string;
    readonly count: number;
    /** Log time (ms) of the last time. */
    readonly seen: number;
  }[];
  /** What settings and users' processors ask for and no tracked series of this partition matches. */
  readonly unmatched: readonly Unmatched[];
  /** Processors that do not read the settings in force, which other code took: they run on defaults. */
  readonly defaulted?: readonly string[];
}

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

/** What is wrong with such a processor, for people. */
export const defaultedText = (processor: string): string =>
  `${processor} runs on its defaults: it cannot read the settings in force, which another version ` +
  'of the program took; mend them and raise their version';

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
  const none = { series: 0, counters: {}, unmatched: [] };
  return parts.map((lists, part) => ({
    ...data,
    ...(part > 0 && none),
    ...lists,
    part,
    parts: parts.length,
  }));
}
