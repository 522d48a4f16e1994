import type { Atom, Timeline } from '../atoms.ts';
import { type Draft, type Evidence, evidenceOf, type View } from '../draft.ts';
import { type Absence, absences } from './absences.ts';
import { numberOf, valueAt, wantedSteps } from './rescales.ts';

interface Rollout {
  readonly rs: string;
  start: number;
  end: number | null;
  endBy: string | null;
  readonly evidence: Evidence[];
}

/** Rollouts: a new replica set grows while older ones shrink; or a new generation is served. */
export function rollouts(view: View, components: readonly Draft[]): Draft[] {
  const rule = view.rule('deployment-rollout');
  const merged = view.scopes('Deployment').flatMap(([scope, timeline]) => {
    const told = rolloutsByEvents(timeline);
    const seen = rolloutsByMetrics(view, timeline);
    return mergeRollouts(view, told, seen).map((rollout) => ({ scope, rollout }));
  });
  const starts = merged.map(({ rollout }) => rollout.start);
  const away = absences(view, components, (end) => starts.some((start) => follows(start, end)));
  return merged.map(({ scope, rollout }) => {
    const { rs, start, end, endBy, evidence } = askedBefore(rollout, away);
    return {
      rule,
      object: scope,
      slots: rs === '' ? {} : { rs },
      start,
      end,
      endBy,
      evidence,
      affinity: { deployment: scope.slice('Deployment/'.length) },
    };
  });
}

/** A controller manager that returns does at once what was asked for while it was away. */
const returnMs = 30_000;
const awayMs = 10 * 60_000;
const follows = (start: number, end: number): boolean =>
  start >= end - 5_000 && start - end <= returnMs;

/**
 * A rollout whose first sign comes with the controller manager's return was asked for in the time
 * without it: begun then at the earliest.
 */
function askedBefore(rollout: Rollout, absent: readonly Absence[]): Rollout {
  const away = absent.find(
    ({ start, end }) => end - start <= awayMs && follows(rollout.start, end),
  );
  if (away === undefined) return rollout;
  return { ...rollout, start: away.start, evidence: [...away.evidence, ...rollout.evidence] };
}

function rolloutsByEvents(timeline: Timeline): Rollout[] {
  const scaled = timeline.filter((a) => a.k === 'replicaset-scaled');
  const sizes = new Map<string, number>();
  const found: Rollout[] = [];
  for (const atom of scaled) {
    const rs = atom.x?.['rs'] ?? '';
    const to = Number(atom.x?.['to']);
    const others = [...sizes].some(([other, size]) => other !== rs && size > 0);
    const from = numberOf(atom.x?.['from']) ?? sizes.get(rs) ?? 0;
    const open = found.at(-1);
    const shrinks = (): boolean => oldShrinks(scaled, rs, atom.t);
    if (atom.x?.['dir'] === 'up' && from === 0 && to > 0 && (others || shrinks())) {
      found.push({
        rs,
        start: atom.t,
        end: null,
        endBy: null,
        evidence: [evidenceOf(atom, 'start')],
      });
    } else if (open !== undefined && open.end === null) {
      open.evidence.push(evidenceOf(atom, 'during'));
    }
    sizes.set(rs, to);
    if (to !== 0 || atom.x?.['dir'] !== 'down') continue;
    for (const rollout of found) {
      if (rollout.end !== null) continue;
      const rest = [...sizes].filter(([other, size]) => other !== rollout.rs && size > 0);
      if (rollout.rs === rs || rest.length === 0) {
        rollout.end = atom.t;
        rollout.endBy = rollout.rs === rs ? 'superseded' : atom.k;
      }
    }
  }
  return found;
}

/** An older set, whose growth we did not see, makes room for a new one. */
function oldShrinks(scaled: readonly Atom[], rs: string, time: number): boolean {
  const others = scaled.filter((a) => a.x?.['rs'] !== rs && a.t < time + 600_000);
  return others.some(
    (a) =>
      a.x?.['dir'] === 'down' &&
      a.t > time - 5_000 &&
      !others.some((b) => b.x?.['rs'] === a.x?.['rs'] && b.x?.['dir'] === 'up' && b.t <= a.t),
  );
}

function rolloutsByMetrics(view: View, timeline: Timeline): Rollout[] {
  const found: Rollout[] = [];
  let generation: number | null = null;
  let open: Rollout | null = null;
  for (const [i, atom] of timeline.entries()) {
    if (atom.s !== 'm') continue;
    if (atom.k === 'generation-seen') {
      const next = Number(atom.v);
      const known: number | null = generation;
      generation = next;
      if (known !== null && known > 0 && next > known && isNewTemplate(view, timeline, atom.t)) {
        if (open !== null) Object.assign(open, { end: atom.t, endBy: 'superseded' });
        open = {
          rs: '',
          start: atom.t,
          end: null,
          endBy: null,
          evidence: [evidenceOf(atom, 'start')],
        };
        found.push(open);
      }
    }
    // All values of one scrape belong together.
    if (open === null || timeline[i + 1]?.t === atom.t || !isComplete(timeline, atom.t)) continue;
    Object.assign(open, { end: atom.t, endBy: atom.k });
    open.evidence.push(evidenceOf(atom, 'end'));
    open = null;
  }
  return found;
}

/** A generation that changes the number of replicas is a rescale, any other a new template. */
function isNewTemplate(view: View, timeline: Timeline, time: number): boolean {
  const slack = Math.max(2 * view.cadence, 5_000) + 1_000;
  return (
    !wantedSteps(timeline).some((s) => Math.abs(s.time - time) < slack) &&
    !wantedFromZero(timeline, time, slack)
  );
}

function wantedFromZero(timeline: Timeline, time: number, slack: number): boolean {
  const first = timeline.find((a) => a.k === 'replicas-wanted');
  return first !== undefined && Math.abs(first.t - time) < slack;
}

function isComplete(timeline: Timeline, time: number): boolean {
  const spec = valueAt(timeline, 'replicas-wanted', time);
  const updated = valueAt(timeline, 'replicas-updated', time);
  const there = valueAt(timeline, 'replicas-there', time);
  return spec !== null && updated === spec && (there === null || there === spec);
}

/** The same rollout from both sources: names and times of events, what metrics add. */
function mergeRollouts(
  view: View,
  told: readonly Rollout[],
  seen: readonly Rollout[],
): readonly Rollout[] {
  const merged = told.map((rollout) => ({ ...rollout, evidence: [...rollout.evidence] }));
  const slack = 30_000 + 2 * view.cadence;
  for (const rollout of seen) {
    const near = (r: Rollout): boolean =>
      rollout.start >= r.start - slack && rollout.start <= r.start + slack;
    const within = (r: Rollout): boolean =>
      rollout.start >= r.start && rollout.start <= (r.end ?? r.start) + slack;
    const same = merged.filter((r) => r.rs !== '').find(near) ?? merged.find(within);
    if (same === undefined) {
      merged.push({ ...rollout, evidence: [...rollout.evidence] });
      continue;
    }
    same.evidence.push(...rollout.evidence);
    if (same.end === null && rollout.end !== null) {
      same.end = rollout.end;
      same.endBy = rollout.endBy;
    }
  }
  return merged;
}
