import { type Draft, type Evidence, evidenceOf, type View } from '../draft.ts';

/** A time in which no controller manager did its work. */
export interface Absence {
  readonly start: number;
  readonly end: number;
  readonly evidence: readonly Evidence[];
}

/** What controllers of the controller manager say while they live. */
const signsOfLife = [
  'replicaset-scaled',
  'replicaset-created-pod',
  'job-pod-created',
  'pod-deleted',
  'hpa-rescaled',
  'node-registered',
  'node-removing',
  'taint-marked',
  'taint-cancelled',
  'quota-refused',
  'create-refused',
];

const shortestMs = 60_000;
const usualGaps = 10;

/**
 * Told by the component's metrics; else by its unusual silence before a new leader, where somebody
 * asks for an absence with that end.
 */
export function absences(
  view: View,
  components: readonly Draft[],
  isAsked: (end: number) => boolean,
): Absence[] {
  const told = components.flatMap(({ rule, object, start, end, evidence }) =>
    rule.fact === 'component_crashed' && object === 'Component/kube-controller-manager' && end
      ? [{ start, end, evidence: evidence.filter((e) => e.role === 'start') }]
      : [],
  );
  const elections = view
    .timeline('Lease/kube-system/kube-controller-manager')
    .filter((atom) => atom.k === 'leader-elected' && isAsked(atom.t));
  if (elections.length === 0) return told;
  const said = view
    .scopesWith(signsOfLife)
    .flatMap(([, timeline]) => timeline)
    .filter((atom) => signsOfLife.includes(atom.k))
    .map((atom) => atom.t)
    .sort((a, b) => a - b);
  for (const election of elections) {
    const start = lastBefore(said, election.t);
    if (start === null || told.some((a) => a.start < election.t && a.end > start)) continue;
    told.push({ start, end: election.t, evidence: [evidenceOf(election, 'start')] });
  }
  return told;
}

/** The last sign of life before `time`, when the silence after it is much longer than usual. */
function lastBefore(said: readonly number[], time: number): number | null {
  const before = said.filter((t) => t < time - 1_000).slice(-usualGaps - 1);
  const last = before.at(-1);
  if (last === undefined || before.length <= usualGaps || time - last < shortestMs) return null;
  const gaps = before.slice(1).map((t, i) => t - before[i]!);
  return time - last > 3 * Math.max(...gaps) ? last : null;
}
