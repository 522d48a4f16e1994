import type { Atom, Timeline } from '../atoms.ts';
import { type Draft, type Evidence, evidenceOf, type View } from '../draft.ts';

export const numberOf = (text: string | undefined): number | null =>
  text === undefined ? null : Number(text);

/** One step of a deployment's size, from events or metrics. */
interface Step {
  readonly time: number;
  readonly from: number;
  readonly to: number;
  readonly atom: Atom;
}

/** Value of a metric signal at `time` (the newest at or before it); null when not known. */
export function valueAt(timeline: Timeline, signal: string, time: number): number | null {
  let value: number | null = null;
  for (const atom of timeline) {
    if (atom.t > time) break;
    if (atom.k === signal) value = Number(atom.v);
    // A series that starts at 0 or ended has no atom: 0 stands until it changes.
    else if (atom.k === `${signal}:gone`) value = null;
  }
  return value;
}

/** Steps of what was asked for. */
export function wantedSteps(timeline: Timeline): Step[] {
  const steps: Step[] = [];
  let value: number | null = null;
  for (const atom of timeline) {
    if (atom.k === 'replicas-wanted:gone') value = null;
    if (atom.k !== 'replicas-wanted') continue;
    const to = Number(atom.v);
    if (value !== null && to !== value) steps.push({ time: atom.t, from: value, to, atom });
    value = to;
  }
  return steps;
}

/** Steps of one replica set, where the event tells both numbers. */
function setSteps(timeline: Timeline): Step[] {
  const steps: Step[] = [];
  const sizes = new Map<string, number>();
  for (const atom of timeline) {
    if (atom.k !== 'replicaset-scaled') continue;
    const rs = atom.x?.['rs'] ?? '';
    const to = numberOf(atom.x?.['to'])!;
    const from = numberOf(atom.x?.['from']) ?? sizes.get(rs) ?? null;
    if (from !== null && from !== to) steps.push({ time: atom.t, from, to, atom });
    sizes.set(rs, to);
  }
  return steps;
}

interface Rescale {
  readonly direction: 'up' | 'down';
  readonly from: number;
  to: number;
  readonly start: number;
  /** When it got its last size. */
  last: number;
  readonly evidence: Evidence[];
}

/** Steps in one direction that follow each other are one rescale. */
const followMs = (view: View): number => Math.max(60_000, 3 * view.cadence);

function fold(view: View, steps: readonly Step[]): Rescale[] {
  const sorted = steps.toSorted((a, b) => a.time - b.time);
  const found: Rescale[] = [];
  for (const step of sorted) {
    const direction = step.to > step.from ? 'up' : 'down';
    const last = found.findLast((r) => r.direction === direction);
    const repeats = last && step.to === last.to && step.time - last.last < 120_000;
    const follows = last && last === found.at(-1) && step.time - last.last < followMs(view);
    if (last && (repeats || follows)) {
      if (last.to !== step.to) last.last = step.time;
      last.to = step.to;
      last.evidence.push(evidenceOf(step.atom, 'start'));
    } else {
      const { from, to, time } = step;
      const evidence = [evidenceOf(step.atom, 'start')];
      found.push({ direction, from, to, start: time, last: time, evidence });
    }
  }
  return found;
}

/** Changes of size: by a pod autoscaler, or by hand. Rollouts and quotas explain others. */
export function rescales(view: View): Draft[] {
  return [...byAutoscaler(view), ...byHand(view)];
}

function byAutoscaler(view: View): Draft[] {
  const rule = view.rule('hpa-rescaled');
  return view.scopes('HorizontalPodAutoscaler').flatMap(([scope, timeline]) => {
    const name = scope.slice('HorizontalPodAutoscaler/'.length);
    const target = view.timeline(`Deployment/${name}`);
    return fold(view, autoscalerSteps(view, timeline, name, target)).map((rescale) => ({
      rule,
      object: scope,
      ...rescaleDraft(view, rescale, name, target),
    }));
  });
}

function autoscalerSteps(view: View, timeline: Timeline, name: string, target: Timeline): Step[] {
  const steps: Step[] = [];
  let desired: number | null = null;
  for (const atom of timeline) {
    if (atom.k === 'hpa-rescaled') {
      const to = Number(atom.x?.['to']);
      const from: number | null = sizeBefore(view, name, target, atom, to) ?? desired;
      if (from !== to)
        steps.push({ time: atom.t, from: from ?? (goesDown(atom) ? to + 1 : to - 1), to, atom });
      desired = to;
    } else if (atom.k === 'hpa-desired') {
      const to = Number(atom.v);
      const from: number | null = desired ?? sizeAtScrape(target, atom.t, to);
      if (from !== null && from !== to && to > 0 && from > 0) {
        steps.push({ time: atom.t, from, to, atom });
      }
      desired = to;
    }
  }
  return steps;
}

const goesDown = (atom: Atom): boolean => /below target/i.test(atom.x?.['why'] ?? '');

/** The step of the deployment that the autoscaler caused: same namespace, size and time. */
function sizeBefore(
  view: View,
  name: string,
  target: Timeline,
  atom: Atom,
  to: number,
): number | null {
  const near = (step: Step): boolean => step.to === to && Math.abs(step.time - atom.t) < 10_000;
  const own = setSteps(target).find(near);
  if (own) return own.from;
  const namespace = name.split('/')[0];
  for (const [, other] of view.scopes(`Deployment/${namespace}`)) {
    const step = setSteps(other).find(near);
    if (step) return step.from;
  }
  return null;
}

/** An autoscaler's first word: it rescales if the deployment's size has just changed to it. */
function sizeAtScrape(target: Timeline, time: number, to: number): number | null {
  const step = wantedSteps(target).findLast((s) => s.to === to && Math.abs(s.time - time) < 10_000);
  return step?.from ?? null;
}

function rescaleDraft(
  view: View,
  rescale: Rescale,
  name: string,
  target: Timeline,
): Omit<Draft, 'rule' | 'object'> {
  const { direction, from, to, start, last, evidence } = rescale;
  const done = target.find(
    (a) => a.k === 'replicas-available' && a.t >= last && Number(a.v) === to,
  );
  const already = valueAt(target, 'replicas-available', last) === to;
  const pods = podsMoved(view, name, direction, last, Math.abs(to - from));
  const end = pods ?? done?.t ?? (already ? last : null);
  const settled = end ?? (view.now - last > 60_000 && !done ? last : null);
  return {
    slots: { direction, from: String(from), to: String(to) },
    start,
    end: settled,
    endBy: settled === null ? null : pods !== null ? 'container-started' : (done?.k ?? 'quiet'),
    evidence: done ? [...evidence, evidenceOf(done, 'end')] : evidence,
    affinity: { deployment: name },
  };
}

/** When the last pod of a scale-up started, by events; null when they do not tell. */
function podsMoved(
  view: View,
  name: string,
  direction: string,
  after: number,
  count: number,
): number | null {
  if (direction === 'down') return null;
  const [namespace, deployment] = name.split('/') as [string, string];
  const started = view
    .setsOf(namespace, deployment)
    .flatMap(([, timeline]) => timeline)
    .filter((a) => a.k === 'container-started' && a.t >= after - 1000 && a.t - after < 120_000)
    .sort((a, b) => a.t - b.t);
  const pods = new Set<string>();
  for (const atom of started) {
    pods.add(atom.x?.['name'] ?? '');
    if (pods.size >= Math.min(count, 4)) return atom.t;
  }
  return null;
}

function byHand(view: View): Draft[] {
  const rule = view.rule('deployment-scaled');
  return view.scopes('Deployment').flatMap(([scope, timeline]) => {
    const name = scope.slice('Deployment/'.length);
    const steps = [
      ...setSteps(timeline),
      ...wantedSteps(timeline).filter((step) => reallyMoves(view, timeline, step)),
    ];
    // From and to nothing are a start and a stop of a workload, not a change of its size.
    const plain = steps.filter((s) => s.from > 0 && s.to > 0);
    return fold(view, plain)
      .filter((rescale) => !isAutoscaled(view, name, rescale))
      .map((rescale) => ({ rule, object: scope, ...rescaleDraft(view, rescale, name, timeline) }));
  });
}

/** A wish that was never met, or lowered to what there is, changes nothing. */
function reallyMoves(view: View, timeline: Timeline, step: Step): boolean {
  const until = step.time + Math.max(60_000, 3 * view.cadence);
  return timeline.some(
    (a) =>
      a.k === 'replicas-there' &&
      a.t >= step.time - 2 * view.cadence - 1_000 &&
      a.t <= until &&
      Number(a.v) === step.to,
  );
}

function isAutoscaled(view: View, name: string, rescale: Rescale): boolean {
  const namespace = name.split('/')[0];
  return view.scopes(`HorizontalPodAutoscaler/${namespace}`).some(([scope, timeline]) => {
    const own = scope.endsWith(`/${name}`);
    return timeline.some((a) => {
      const size = a.k === 'hpa-rescaled' ? Number(a.x?.['to']) : Number(a.v);
      if (a.k !== 'hpa-rescaled' && a.k !== 'hpa-desired') return false;
      const near = a.t > rescale.start - 20_000 - 2 * view.cadence && a.t < rescale.last + 20_000;
      return near && (own || (size === rescale.to && a.k === 'hpa-rescaled'));
    });
  });
}
