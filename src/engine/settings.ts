import { z } from 'zod';
import { messageOf, SeastateError } from '../core/errors.ts';
import type { SettingsContent } from '../log/telemetry.ts';
import type { ProcessorDefinition } from './processor.ts';

/**
 * Settings of the engine itself, as they stand in a `settings` record (snake_case, ms as numbers).
 */
export const engineSettings = z.object({
  /** Labels that tell the replicas of one Prometheus apart: cut from a series' identity. */
  replica_labels: z.array(z.string()).default(['prometheus_replica', '__replica__', 'replica']),
  series: z
    .object({
      /** Tracked series of one cluster in one partition; the excess is counted, not tracked. */
      max_per_cluster: z.int().positive().default(2_000_000),
      /** New series of one cluster in one tick. */
      births_per_tick: z.int().positive().default(500_000),
      /** A sample later than this after log time is refused as `future`. */
      future_ms: z.number().positive().default(600_000),
      /** A series ends when its sender's clock is past it by this or by 2.5 intervals. */
      end_after_ms: z.number().positive().default(300_000),
      /** A sender's clock further than this behind log time ends nothing. */
      backlog_ms: z.number().positive().default(120_000),
      /** An ended series keeps its slot so long, in log time. */
      forget_after_ms: z.number().positive().default(3_600_000),
      /** The series of a sender that has been silent so long, in log time, end. */
      silent_max_ms: z.number().positive().default(86_400_000),
      /** A sender that has been silent so long, in log time, and has no series is forgotten. */
      forget_senders_ms: z.number().positive().default(604_800_000),
      /** Another replica is followed when its clock leads by this or by 3 intervals. */
      replica_lead_ms: z.number().positive().default(30_000),
    })
    .prefault({}),
  /** Names of processors that are switched off: they forget what they knew. */
  disabled: z.array(z.string()).default([]),
  /** Clusters and senders of one partition; records and samples of others are counted, not read. */
  clusters_max: z.int().positive().default(10_000),
  senders_max: z.int().positive().default(20_000),
  /** Metric families whose metadata is kept per cluster. */
  metadata_families_max: z.int().positive().default(50_000),
  /** Ticks between two `status` records of a partition. */
  status_ticks: z.int().positive().default(3),
});

export type EngineSettings = z.infer<typeof engineSettings>;

/**
 * The schema of a processor's section, as a file is read by it: unknown keys are refused. Undefined
 * where it has no settings.
 */
export function sectionSchema({ settings }: Pick<ProcessorDefinition, 'settings'>) {
  if (!settings) return undefined;
  // By what it is called: users' code brings another copy of the library.
  const object = settings as unknown as { strict?: () => z.ZodType };
  return (object.strict?.() ?? settings).prefault({});
}

/**
 * A processor's part of the settings, with its defaults; throws what its schema throws. What a
 * loaded state has was taken by the code of its time: where it does not fit, the defaults hold
 * until the settings that follow a change of code.
 */
export function sectionOf(
  { name, settings: schema }: ProcessorDefinition,
  settings: SettingsContent,
  isLoaded = false,
): unknown {
  const parsed = schema?.safeParse(settings[name] ?? {});
  if (parsed === undefined || parsed.success) return parsed?.data;
  if (isLoaded) return schema!.parse({});
  throw parsed.error;
}

/** Whether a processor reads its part of these settings, or would run on its defaults. */
export const fits = (
  { name, settings: schema }: ProcessorDefinition,
  settings: SettingsContent,
): boolean => schema?.safeParse(settings[name] ?? {}).success ?? true;

/** Error `settings_invalid` that says whose settings they are. */
export function parseSettings<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new SeastateError('settings_invalid', `settings of ${name}: ${messageOf(error)}`);
  }
}

/**
 * Settings of a record must fit; those of a loaded state were taken by the code of their time, and
 * the record that follows a change of code puts them right.
 */
export function checkSettings(
  processors: readonly ProcessorDefinition[],
  content: SettingsContent,
): void {
  for (const definition of processors) {
    const { name, check } = definition;
    const found = check?.(parseSettings(name, () => sectionOf(definition, content))) ?? [];
    const what = found.map(({ path, message }) => `${path.join('.')}: ${message}`);
    if (what.length > 0) {
      throw new SeastateError('settings_invalid', `settings of ${name}: ${what.join('; ')}`);
    }
  }
}
