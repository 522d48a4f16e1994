import type { Atom, Timeline } from './atoms.ts';
import { deploymentOfSet, workloadOfPod } from './names.ts';
import type { Rule } from './rule.ts';

export interface Evidence {
  readonly source: 'kubernetes-event' | 'metric';
  readonly signal: string;
  readonly role: 'start' | 'during' | 'end';
  readonly time: number;
  readonly count: number;
}

/** What it concerns, to find its parent: both sides must agree where both say something. */
export interface Affinity {
  readonly node?: string;
  /** namespace/name */
  readonly deployment?: string;
  readonly operator?: string;
  readonly component?: string;
  /** Nodes that belong to it: a child's node must be one of them. */
  readonly nodes?: readonly string[];
}

/** One interval as derived from the evidence at hand. */
export interface Draft {
  readonly rule: Rule;
  readonly object: string;
  readonly slots: Readonly<Record<string, string>>;
  readonly start: number;
  /** null while it lasts. */
  readonly end: number | null;
  /** Signal that ended it, or `quiet`. */
  readonly endBy: string | null;
  readonly evidence: readonly Evidence[];
  readonly affinity: Affinity;
  /** Not said by evidence of its own, but concluded from other facts. */
  readonly inferred?: boolean;
  /** No evidence names the object: what its parts share stands for it. */
  readonly guessed?: boolean;
  /** Stages of long facts: name, start, end. */
  readonly phases?: readonly Phase[];
  /** 0 to 100 */
  readonly percent?: number;
  readonly nodes?: readonly NodeProgress[];
}

export interface Phase {
  readonly name: string;
  readonly start: number;
  readonly end: number | null;
}

export interface NodeProgress {
  readonly node: string;
  readonly start: number | null;
  readonly end: number | null;
  readonly stuck: boolean;
}

/** What derivation sees of one cluster. Times in ms. */
export interface View {
  readonly now: number;
  /** Time of the first evidence of any kind. */
  readonly since: number;
  /** Time of the first sample; 0 without metrics. */
  readonly metricsSince: number;
  /** Time of the newest sample: what metrics show is known until then. */
  readonly lastSample: number;
  /** Usual distance of sample times. */
  readonly cadence: number;
  /** Times in which no metrics came, oldest first; the last may still go on. */
  readonly silences: readonly (readonly [from: number, to: number])[];
  /** Node group of nodes that were added before, by name. */
  readonly groups: Readonly<Record<string, string>>;
  timeline(scope: string): Timeline;
  /** All scopes of `KIND` or `KIND/NAMESPACE` with their timelines, in order of appearance. */
  scopes(prefix: string): readonly (readonly [scope: string, timeline: Timeline])[];
  /** Scopes of the replica sets of a deployment. */
  setsOf(namespace: string, deployment: string): readonly (readonly [string, Timeline])[];
  /** Scopes with evidence of one of the signals. */
  scopesWith(signals: readonly string[]): readonly (readonly [string, Timeline])[];
  rule(id: string): Rule;
}

export function evidenceOf(atom: Atom, role: Evidence['role']): Evidence {
  return {
    source: atom.s === 'e' ? 'kubernetes-event' : 'metric',
    signal: atom.k,
    role,
    time: atom.t,
    count: atom.c ?? 1,
  };
}

/** Time of [from, to] in which metrics did come. */
export function seenSpan(view: View, from: number, to: number): number {
  let span = Math.max(0, to - from);
  for (const [start, end] of view.silences) {
    span -= Math.max(0, Math.min(to, end) - Math.max(from, start));
  }
  return Math.max(0, span);
}

/** Affinity as the object's name tells it. */
export function affinityOf(object: string): Affinity {
  const [kind, ...rest] = object.split('/');
  const name = rest.join('/');
  if (kind === 'Pod' && rest.length === 2) {
    return { deployment: `${rest[0]}/${deploymentOfSet(workloadOfPod(rest[1]!))}` };
  }
  if (kind === 'Node') return { node: name };
  if (kind === 'Deployment' || kind === 'HorizontalPodAutoscaler') return { deployment: name };
  if (kind === 'Component') return { component: name };
  if (kind === 'Lease') return { component: rest[1] ?? '' };
  if (kind === 'ClusterOperator') return { operator: name };
  return {};
}
