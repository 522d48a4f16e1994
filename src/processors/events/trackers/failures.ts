import type { Atom } from '../atoms.ts';
import { affinityOf, type Draft, type Evidence, evidenceOf, type View } from '../draft.ts';
import { deploymentOfSet } from '../names.ts';
import { IntervalTracker } from './generic.ts';
import { valueAt } from './rescales.ts';

/** Jobs that failed for good: from their first pod to the verdict. */
export function failedJobs(view: View): Draft[] {
  const signals = ['job-failed', 'job-failed-is:on', 'job-pod'];
  return view.scopesWith(signals).flatMap(([scope, timeline]) => {
    const verdict = timeline.find(
      (a) => a.k === 'job-failed' || (a.k === 'job-failed-is:on' && !a.first),
    );
    const first = timeline.find((a) => a.k === 'job-pod-created' || a.k === 'job-pod');
    const found = verdict ?? retriesFailed(view, scope);
    if (found === null || found === undefined) return [];
    const evidence: Evidence[] = [evidenceOf(found, 'end')];
    if (first) evidence.unshift(evidenceOf(first, 'start'));
    return [
      {
        rule: view.rule('job-failed'),
        object: scope,
        slots: {},
        start: Math.min(first?.t ?? found.t, found.t),
        end: found.t,
        endBy: found.k,
        evidence,
        affinity: affinityOf(scope),
        inferred: verdict === undefined,
      },
    ];
  });
}

/**
 * Without a verdict: a job that made a second pod, while pods of its namespace failed that were
 * not evicted. Returns the evidence of the last failure.
 */
function retriesFailed(view: View, scope: string): Atom | null {
  const [, namespace] = scope.split('/') as [string, string];
  const pods = view.timeline(scope).filter((a) => a.k === 'job-pod');
  // Pods that appear at once are no retries: a parallel job, or one that we see late.
  if (new Set(pods.map((a) => a.t)).size < 2 || pods[0]!.first) return null;
  const from = pods[0]!.t;
  const evicted = view
    .scopes(`Pod/${namespace}`)
    .filter(([, timeline]) =>
      timeline.some((a) => a.t >= from && /^pod-evicted(-is:on)?$/.test(a.k)),
    );
  // One series per namespace or one per pod: together they count.
  const counts = new Map<string, number>();
  const total = (): number => [...counts.values()].reduce((sum, n) => sum + n, 0);
  let before = 0;
  for (const atom of view.timeline(`Namespace/${namespace}`)) {
    if (atom.k === 'failed-pods') counts.set(atom.sub ?? '', Number(atom.v));
    if (atom.k === 'failed-pods:gone') counts.delete(atom.sub ?? '');
    if (atom.t < from) before = total();
    else if (total() - before - evicted.length >= 2) return atom;
  }
  return null;
}

/** Quotas that refuse pods, per namespace: said by events, or seen as pods that never come. */
export function quotas(view: View): Draft[] {
  const rule = view.rule('replicaset-quota-exceeded');
  const drafts = view.scopes('Namespace').flatMap(([scope, timeline]) => {
    const namespace = scope.slice('Namespace/'.length);
    const refusing = new Set<string>();
    const merged = [
      ...timeline.filter((a) => a.k === 'quota-refused' || a.k === 'replicaset-created-pod'),
    ];
    for (const a of merged) {
      if (a.k === 'quota-refused') refusing.add(deploymentOfSet(a.x?.['name'] ?? ''));
    }
    if (refusing.size === 0) return [];
    for (const name of refusing) {
      const scaled = view.timeline(`Deployment/${namespace}/${name}`);
      merged.push(...scaled.filter((a) => a.k === 'replicaset-scaled' && a.x?.['dir'] === 'down'));
    }
    const own = merged
      .filter((a) => a.k !== 'replicaset-created-pod' || isFreed(merged, a))
      .sort((a, b) => a.t - b.t);
    return new IntervalTracker({ ...rule, during: [] }, scope, view.now).run(own);
  });
  return mergeQuotas(drafts, unmet(view));
}

/** A pod of a refused set, made after the last refusal, ends it; those made before do not. */
function isFreed(atoms: readonly Atom[], atom: Atom): boolean {
  const set = atom.x?.['name'];
  const refused = atoms.filter((a) => a.k === 'quota-refused' && a.x?.['name'] === set);
  return refused.length > 0 && refused.every((a) => a.t < atom.t - 1_000);
}

/** Deployments whose controller saw the wish and makes fewer pods, for four scrapes at least. */
function unmet(view: View): Draft[] {
  const rule = view.rule('replicaset-quota-exceeded');
  return view.scopes('Deployment').flatMap(([scope, timeline]) => {
    const [, namespace] = scope.split('/') as [string, string];
    const wishes = timeline.filter((a) => a.k === 'replicas-wanted' && !a.first);
    return wishes.flatMap((wish) => {
      const seen = timeline.some(
        (a) => a.k === 'generation-seen' && Math.abs(a.t - wish.t) < 15_000 + 2 * view.cadence,
      );
      const met = timeline.find((a) => a.t >= wish.t && isMet(timeline, a.t));
      const until = met?.t ?? Math.min(view.now, view.lastSample);
      if (!seen || until - wish.t < Math.max(15_000, 3 * view.cadence)) return [];
      return [
        {
          rule,
          object: `Namespace/${namespace}`,
          slots: {},
          start: wish.t,
          end: met?.t ?? null,
          endBy: met?.k ?? null,
          evidence: [evidenceOf(wish, 'start'), ...(met ? [evidenceOf(met, 'end')] : [])],
          affinity: { deployment: scope.slice('Deployment/'.length) },
          inferred: true,
        },
      ];
    });
  });
}

function isMet(timeline: readonly Atom[], time: number): boolean {
  const wanted = valueAt(timeline as Atom[], 'replicas-wanted', time) ?? 0;
  return (valueAt(timeline as Atom[], 'replicas-there', time) ?? 0) >= wanted;
}

function mergeQuotas(told: readonly Draft[], seen: readonly Draft[]): Draft[] {
  const merged = [...told];
  for (const draft of seen) {
    const i = merged.findIndex(
      (d) => d.object === draft.object && Math.abs(d.start - draft.start) < 60_000,
    );
    if (i < 0) merged.push(draft);
    else {
      const old = merged[i]!;
      const end = old.end === null || old.endBy === 'quiet' ? draft.end : old.end;
      merged[i] = {
        ...old,
        end,
        endBy: end === old.end ? old.endBy : draft.endBy,
        evidence: [...old.evidence, ...draft.evidence],
        affinity: draft.affinity,
      };
    }
  }
  return merged;
}

/** Containers killed for memory: per deployment, told by metrics only. */
export function memoryKills(view: View): Draft[] {
  const rule = view.rule('container-oom-killed');
  const byOwner = new Map<string, Atom[]>();
  for (const [scope, timeline] of view.scopesWith(['oom-killed:on'])) {
    const [, namespace, workload] = scope.split('/') as [string, string, string];
    const owner = deploymentOfSet(workload);
    const kind = owner === workload ? 'Workload' : 'Deployment';
    const kills = timeline.filter((a) => a.k.startsWith('oom-killed:') && !a.first);
    if (!kills.some((a) => a.k === 'oom-killed:on')) continue;
    const object = `${kind}/${namespace}/${owner}`;
    byOwner.set(object, [...(byOwner.get(object) ?? []), ...kills]);
  }
  return [...byOwner]
    .flatMap(([object, atoms]) =>
      new IntervalTracker(
        { ...rule, object, end: ['oom-killed:off', 'oom-killed:gone'], rejoin: 300_000 },
        object,
        view.now,
      ).run(atoms.sort((a, b) => a.t - b.t)),
    )
    .map((draft) => ({ ...draft, rule }));
}

/** Pods without a node: not those of a daemon set on a node that just joined. */
export function unschedulable(view: View): Draft[] {
  const rule = view.rule('pod-unschedulable');
  const found: Draft[] = [];
  for (const [scope, timeline] of view.scopesWith(rule.start)) {
    if (timeline.some((a) => a.k === 'triggered-scale-up')) continue;
    found.push(...new IntervalTracker(rule, scope, view.now).run(timeline));
  }
  return onePerWorkload(found);
}

/** Pods of one workload wait for one cause: the first stands for all that overlap. */
function onePerWorkload(drafts: readonly Draft[]): Draft[] {
  const sorted = drafts.toSorted((a, b) => a.start - b.start);
  const kept: Draft[] = [];
  for (const draft of sorted) {
    const owner = draft.affinity.deployment;
    const same = kept.find(
      (k) =>
        owner !== undefined &&
        k.affinity.deployment === owner &&
        draft.start <= (k.end ?? Number.POSITIVE_INFINITY) + 60_000,
    );
    if (same === undefined) kept.push(draft);
  }
  return kept;
}
