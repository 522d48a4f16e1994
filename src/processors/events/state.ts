import type { Row } from '../../engine/tables.ts';
import type { Timeline } from './atoms.ts';
import type { Interval } from './interval.ts';

/** All that the processor knows of one cluster: a row of its table, plain JSON. */
export interface ClusterRow extends Row {
  /** Time of the first evidence; 0: none yet. */
  since: number;
  metricsSince: number;
  lastSample: number;
  /** Log time of the newest record of each kind. */
  lastSampleLog: number;
  lastEventLog: number;
  cadence: number;
  /** Times without metrics, oldest first, at most 64. */
  silences: [number, number][];
  /** Evidence by scope. */
  scopes: Record<string, Timeline>;
  scopeCount: number;
  /** Node of pods, oldest first. */
  pods: Record<string, string>;
  podCount: number;
  /** Node group of nodes that an autoscaler added. */
  groups: Record<string, string>;
  /** Intervals told, by id. */
  shown: Record<string, Shown>;
  /** New evidence since the last derivation. */
  dirty: boolean;
  /** Log time of the last pruning. */
  pruned: number;
  /** Derive again at this log time, for what only time tells. */
  due: number;
}

export interface Shown {
  revision: number;
  /** Fingerprint of what consumers care about. */
  print: string;
  /** Log time of the last revision. */
  told: number;
  interval: Interval;
}

export function newCluster(cluster: number): ClusterRow {
  return {
    cluster,
    since: 0,
    metricsSince: 0,
    lastSample: 0,
    lastSampleLog: 0,
    lastEventLog: 0,
    cadence: 0,
    silences: [],
    scopes: {},
    scopeCount: 0,
    pods: {},
    podCount: 0,
    groups: {},
    shown: {},
    dirty: false,
    pruned: 0,
    due: 0,
  };
}

/** A reason that the catalogue does not know: kept, counted, listed. */
export interface UnknownReason extends Row {
  kind: string;
  reason: string;
  component: string;
  type: string;
  /** Newest message, cut. */
  message: string;
  first: number;
  last: number;
  count: number;
}
