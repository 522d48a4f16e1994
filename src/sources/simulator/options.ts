import { SeastateError } from '../../core/errors.ts';
import type { KubernetesEvent } from './kubernetes-events.ts';
import type { Flavour } from './model/entities.ts';
import type { TruthItem } from './truth.ts';

/** Which faults happen when: `demo` (the default), `none`, or a list. */
export type ScriptOption = 'demo' | 'none' | readonly ScriptedFault[];

/** A fault of `faults/` at a moment; the fault itself chooses its object. */
export interface ScriptedFault {
  readonly fault: string;
  /** ms after the start of the fleet. */
  readonly afterMs: number;
  /** Index of the cluster. */
  readonly cluster: number;
  /** Turns of the fault itself, such as `durationMs`. */
  readonly settings?: Readonly<Record<string, number>>;
}

export interface FleetOptions {
  /** All randomness comes from it. */
  readonly seed?: number;
  /** When the fleet begins, ms since the epoch. */
  readonly startMs: number;
  readonly clusters?: number;
  /** About how many series each cluster has; from 450. */
  readonly seriesPerCluster?: number;
  /** Flavour of cluster i; default: OpenShift and vanilla in turn. */
  readonly flavours?: readonly Flavour[];
  /** Scrape interval. */
  readonly intervalMs?: number;
  /** How often alert rules are evaluated. */
  readonly evaluationMs?: number;
  /** Prometheus replicas of each cluster, 1 or 2; a list is for the clusters in turn. */
  readonly replicas?: number | readonly number[];
  /** Queues of a sender; each keeps its series' order and has one request under way. */
  readonly shards?: number;
  readonly samplesPerRequest?: number;
  /** A request leaves with fewer samples when its first one is so old. */
  readonly sendDeadlineMs?: number;
  readonly protocol?: 1 | 2;
  /** Types and help: inline in protocol 2, as requests of their own in protocol 1. */
  readonly metadata?: boolean;
  readonly exemplars?: boolean;
  /** Rollouts per cluster and hour, beside the faults; 0 also stops the autoscalers: no churn. */
  readonly rolloutsPerHour?: number;
  readonly script?: ScriptOption;
  /** When the demo's script is "now": its first faults are placed around this moment. */
  readonly liveMs?: number;
  /** Facts that `truth()` keeps per cluster. */
  readonly truthMax?: number;
  readonly onTruth?: (item: TruthItem) => void;
  readonly onKubernetesEvent?: (event: KubernetesEvent) => void;
}

export type FleetSettings = Required<FleetOptions>;

/** Times whose varint has six bytes, which the prepared bodies rely on. */
const earliestMs = 2 ** 35;
const latestMs = 2 ** 42;

/** Fills in the defaults. Error: `usage`. */
export function fleetSettings(options: FleetOptions): FleetSettings {
  const settings: FleetSettings = {
    seed: 1,
    clusters: 3,
    seriesPerCluster: 2_000,
    flavours: [],
    intervalMs: 15_000,
    evaluationMs: 30_000,
    replicas: 1,
    shards: 1,
    samplesPerRequest: 2_000,
    sendDeadlineMs: 5_000,
    protocol: 2,
    metadata: true,
    exemplars: true,
    rolloutsPerHour: 2,
    script: 'demo',
    liveMs: options.startMs,
    truthMax: 10_000,
    onTruth: () => {},
    onKubernetesEvent: () => {},
    ...options,
  };
  atLeast('clusters', settings.clusters, 1);
  atLeast('seriesPerCluster', settings.seriesPerCluster, 450);
  atLeast('intervalMs', settings.intervalMs, 1_000);
  atLeast('evaluationMs', settings.evaluationMs, 1_000);
  atLeast('shards', settings.shards, 1);
  atLeast('samplesPerRequest', settings.samplesPerRequest, 1);
  for (const count of [settings.replicas].flat()) {
    if (count === 1 || count === 2) continue;
    throw new SeastateError('usage', `replicas is ${count}: give 1 or 2`);
  }
  if (!(settings.startMs >= earliestMs && settings.startMs < latestMs)) {
    throw new SeastateError('usage', `startMs is ${settings.startMs}: give ms since the epoch`);
  }
  return settings;
}

/** Replicas of cluster `index`. */
export function replicasOf({ replicas }: FleetSettings, index: number): number {
  if (typeof replicas === 'number') return replicas;
  return replicas[index % replicas.length] ?? 1;
}

function atLeast(name: string, value: number, min: number): void {
  if (value >= min) return;
  throw new SeastateError('usage', `${name} is ${value}: give ${min} or more`);
}
