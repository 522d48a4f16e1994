import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { parseSelector } from '../core/matchers.ts';
import { settingsDefaults as defaults } from './defaults.ts';
import { key } from './key.ts';
import { duration } from './quantities.ts';

const count = (value: number) => z.int().positive().default(value);

const selector = z.string().check((context) => {
  try {
    parseSelector(context.value);
  } catch (error) {
    context.issues.push({ code: 'custom', message: messageOf(error), input: context.value });
  }
});
const labelNames = (names: readonly string[]) =>
  z
    .array(z.string().min(1))
    .min(1)
    .default([...names]);

const clusters = z.strictObject({
  labels: key(
    labelNames(defaults.clusterLabels),
    'Labels that tell the cluster of a series; the first present wins, else it is the name of the credential.',
  ),
  aliases: key(
    z.record(z.string().min(1), z.string().min(1)).default({}),
    'Other spellings of clusters: what senders write, and what it is read as.',
  ),
  tenants: key(
    z.record(z.string().min(1), z.string().min(1)).default({}),
    'Clusters that belong to one tenant: Kubernetes events of others that name them are refused.',
  ),
});

const limits = z.strictObject({
  series_per_cluster: key(
    count(defaults.seriesPerClusterMax),
    'Tracked series of one cluster in one partition; the excess stays in the log, counted and untracked.',
  ),
  births_per_tick: key(
    count(defaults.birthsPerTick),
    'New series of one cluster in one tick (5 s).',
  ),
  clusters: key(
    count(defaults.clustersPerPartitionMax),
    'Clusters of one partition, of one tenant beside others three quarters of them; records of further ones are counted and not read.',
  ),
  senders: key(
    count(defaults.sendersPerPartitionMax),
    'Senders of one partition; samples of further ones are counted and not read.',
  ),
  metadata_families: key(
    count(defaults.familiesPerClusterMax),
    'Metric families whose metadata is kept per cluster.',
  ),
});

const time = z.strictObject({
  future: key(
    duration().prefault(defaults.future),
    'A sample further than this after log time is refused as `future`.',
  ),
  end_after: key(
    duration().prefault(defaults.endAfter),
    "A series ends when its sender's clock is past it by this or by 2.5 intervals, whichever is more.",
  ),
  backlog: key(
    duration().prefault(defaults.backlog),
    'A sender whose clock is further than this behind log time ends nothing but by stale markers.',
  ),
  forget_after: key(
    duration().prefault(defaults.forgetAfter),
    'How long an ended series keeps its place, in log time.',
  ),
  silent_max: key(
    duration().prefault(defaults.silentMax),
    'The series of a sender that has been silent so long end.',
  ),
  forget_senders: key(
    duration().prefault(defaults.forgetSenders),
    'A sender that has been silent so long, and whose series are all forgotten, is forgotten at the next full hour of log time.',
  ),
  replica_lead: key(
    duration().prefault(defaults.replicaLead),
    'Another replica of an HA pair is followed when its clock leads by this or by 3 intervals.',
  ),
});

/** Sections of the processors by name: what their definitions declare as settings. */
export type Sections = Readonly<Record<string, z.ZodType>>;

const own = {
  version: key(
    z.int().positive().default(1),
    'Raise it with every change: the same version with other content is refused.',
  ),
  clusters: key(clusters.prefault({}), 'How clusters are told apart.'),
  replica_labels: key(
    labelNames(defaults.replicaLabels),
    'Labels that tell the replicas of one Prometheus apart: cut from the identity of a series.',
  ),
  keep: key(
    z.array(selector).default([]),
    'Selectors: series that match any of them are kept. None: all are.',
  ),
  drop: key(
    z.array(selector).default([]),
    'Selectors: series that match any of them are dropped, and counted as written.',
  ),
  limits: key(limits.prefault({}), 'Limits that can change a result.'),
  time: key(time.prefault({}), 'When a sample is too early, and when a series or sender is over.'),
  disabled: key(
    z.array(z.string().min(1)).default([]),
    'Processors that are switched off, such as `anomalies`: what they told as open is told as ended, and they forget what they knew.',
  ),
  status_ticks: key(
    count(defaults.statusTicks),
    'Ticks (5 s) between two `status` records of a partition.',
  ),
};

/** Keys that no processor may have the name of. */
export const ownSettings: readonly string[] = Object.keys(own);

/** The `settings:` section: what can change a result; it goes into the log. */
export function settingsSchema(sections: Sections, others: 'refused' | 'kept' = 'refused') {
  const known = z.strictObject({ ...own, ...(sections as Record<never, never>) });
  return others === 'kept' ? known.loose() : known;
}

/** `settings:` as parsed: snake_case as in the file, durations in ms, sizes in bytes. */
export type Settings = z.output<ReturnType<typeof settingsSchema>> & {
  readonly [processor: string]: unknown;
};
