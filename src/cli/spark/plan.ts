import { pathToFileURL } from 'node:url';
import type { KeptSnapshots } from '../../engine/runtime/embedded/kept.ts';
import type { KafkaOptions } from '../../log/kafka/options.ts';
import { nameOf } from '../../log/kafka/topics.ts';
import type { Log } from '../../log/log.ts';
import {
  type BridgeConfig,
  javaKafkaOptions,
  type RunnerCommand,
  runnerCommand,
} from './bridge-config.ts';

/** Where a stage reads; what it writes are all other topics. */
export const stageInputs: Readonly<Record<string, string>> = {
  cluster: 'telemetry',
  peers: 'peers',
};

export interface SparkPlan {
  /** As the gateway uses it: the topics with their partitions, and their names. */
  readonly kafka: KafkaOptions;
  readonly stages: readonly string[];
  /** Folder or URL (any Hadoop file system) of checkpoints. */
  readonly checkpoint: string;
  /** Folder or URL of snapshots, skips and bundles; the embedded runtime's `snapshots`. */
  readonly snapshots?: string;
  readonly runner: RunnerCommand;
  /** Runners per executor and stage: its cores. */
  readonly runners: number;
  /** Milliseconds between micro-batches (0: as fast as possible), or what is there, then end. */
  readonly trigger: number | 'available-now';
  /** Range of the past, by log time in ms: `from` counts for a fresh checkpoint only. */
  readonly from?: number;
  readonly until?: number;
  readonly epoch?: number;
  readonly maxOffsetsPerTrigger?: number;
  /** Where the driver serves its metrics. */
  readonly metrics?: { readonly host: string; readonly port: number };
  readonly snapshotEveryMs?: number;
  readonly kept?: KeptSnapshots;
}

const urlOf = (place: string): string =>
  /^[a-z][a-z0-9+.-]*:/i.test(place) ? place : pathToFileURL(place).href;

/** The configuration of the bridge. `log` has created or checked the topics of the plan. */
export async function planSpark(plan: SparkPlan, log: Log): Promise<BridgeConfig> {
  const names = Object.fromEntries(
    plan.kafka.topics.map(({ name }) => [name, nameOf(plan.kafka, name)]),
  );
  const stages = plan.stages.map(async (name) => {
    const input = stageInputs[name] ?? name;
    const { partitions } = log.topics.get(input)!;
    const outputs = plan.kafka.topics.filter((topic) => topic.name !== input);
    return {
      name,
      topic: names[input]!,
      partitions,
      epoch: plan.epoch ?? 0,
      startingOffsets: await startingOffsets(plan, input, partitions, (partition, time) =>
        log.offsetAt(input, partition, time),
      ),
      targets: Object.fromEntries(outputs.map((topic) => [topic.name, topic.partitions])),
      names,
    };
  });
  return {
    brokers: plan.kafka.brokers.join(','),
    kafka: javaKafkaOptions(plan.kafka),
    checkpoint: urlOf(plan.checkpoint),
    ...(plan.snapshots === undefined ? {} : { snapshots: urlOf(plan.snapshots) }),
    triggerMs: plan.trigger === 'available-now' ? -1 : plan.trigger,
    ...optional(plan),
    runners: plan.runners,
    command: runnerCommand(plan.runner),
    stages: await Promise.all(stages),
  };
}

function optional(plan: SparkPlan): Partial<BridgeConfig> {
  const { until, maxOffsetsPerTrigger, metrics, snapshotEveryMs, kept } = plan;
  return {
    ...(until === undefined ? {} : { untilMs: until }),
    ...(maxOffsetsPerTrigger === undefined ? {} : { maxOffsetsPerTrigger }),
    ...(metrics && { metricsHost: metrics.host, metricsPort: metrics.port }),
    ...(snapshotEveryMs === undefined ? {} : { snapshotEveryMs }),
    ...(kept && { kept: { hourly: kept.hourly, daily: kept.daily } }),
  };
}

async function startingOffsets(
  plan: SparkPlan,
  topic: string,
  partitions: number,
  offsetAt: (partition: number, timeMs: number) => Promise<number>,
): Promise<string> {
  if (plan.from === undefined) return 'earliest';
  const offsets: Record<string, number> = {};
  for (let partition = 0; partition < partitions; partition++) {
    offsets[String(partition)] = await offsetAt(partition, plan.from);
  }
  return JSON.stringify({ [nameOf(plan.kafka, topic)]: offsets });
}
