import type { Atom, Timeline } from '../atoms.ts';
import { type Evidence, evidenceOf, type View } from '../draft.ts';
import { cordonsOf } from './node-cordons.ts';
import { outagesOf } from './node-outages.ts';
import type { NodeStory, Span, VersionChange } from './node-types.ts';

const readiness = ['ready', 'ready-false', 'ready-unknown'];
const isReadiness = (k: string, state: string): boolean =>
  readiness.some((id) => k === `${id}:${state}`);
const opensLife = (k: string): boolean =>
  isReadiness(k, 'on') ||
  k === 'kubelet-starting' ||
  k === 'node-registered' ||
  k === 'node-created';

/** Samples within this time of the first are "there from the beginning". */
export const baselineMs = 30_000;

export function nodeStories(view: View): NodeStory[] {
  const scopes = view.scopes('Node').filter(([, timeline]) => timeline.some(isNodeEvidence));
  const names = scopes.map(([scope]) => scope);
  return scopes.map(([scope, timeline]) => storyOf(view, scope, timeline, names));
}

/** A target's address alone (boot time, `up`) makes no node. */
function isNodeEvidence(atom: Atom): boolean {
  return !['boot-time', 'kubelet-down'].includes(atom.k.split(':')[0]!);
}

function storyOf(
  view: View,
  scope: string,
  timeline: Timeline,
  nodes: readonly string[],
): NodeStory {
  const removals = removalsOf(view, scope, timeline, nodes);
  const joins = joinsOf(view, timeline, removals);
  const lastRemoval = removals.at(-1)?.start ?? Number.NEGATIVE_INFINITY;
  const versions = changesOf(timeline, 'kubelet-version');
  return {
    name: scope.slice('Node/'.length),
    scope,
    joins,
    removals,
    outages: outagesOf(view, timeline, joins, removals),
    cordons: cordonsOf(timeline, removals),
    versions,
    images: changesOf(timeline, 'os-image'),
    starts: timeline.filter((atom) => atom.k === 'kubelet-starting'),
    version: timeline.findLast((atom) => atom.k === 'kubelet-version')?.v?.toString() ?? '',
    present: timeline.some((atom) => atom.t > lastRemoval + 30_000) || removals.length === 0,
  };
}

/** A node left when its object did, or when its series ended while other nodes' went on. */
function removalsOf(
  view: View,
  scope: string,
  timeline: Timeline,
  nodes: readonly string[],
): Span[] {
  const found: { start: number; endBy: string; evidence: Evidence[] }[] = [];
  for (const atom of timeline) {
    const said = atom.k.startsWith('node-removing');
    const gone = isReadiness(atom.k, 'gone') && !returns(timeline, atom.t);
    if (!said && !(gone && othersGoOn(view, scope, atom.t, nodes))) continue;
    const last = found.at(-1);
    const again = timeline.some((a) => last && a.t > last.start && a.t < atom.t && opensLife(a.k));
    if (last !== undefined && !again) last.evidence.push(evidenceOf(atom, 'start'));
    else found.push({ start: atom.t, endBy: atom.k, evidence: [evidenceOf(atom, 'start')] });
  }
  return found.map((removal) => ({ ...removal, end: removal.start }));
}

/** Readiness changes its series; a restarted exporter brings all back within two minutes. */
function returns(timeline: Timeline, time: number): boolean {
  return timeline.some((a) => isReadiness(a.k, 'on') && a.t >= time && a.t <= time + 120_000);
}

function othersGoOn(view: View, scope: string, time: number, nodes: readonly string[]): boolean {
  return nodes.some((other) => other !== scope && hasSeries(view.timeline(other), time));
}

/** Whether a readiness series of the node is alive at `time`, and not about to end as well. */
function hasSeries(timeline: Timeline, time: number): boolean {
  let alive = false;
  for (const atom of timeline) {
    if (atom.t > time + 1000) break;
    if (isReadiness(atom.k, 'on')) alive = true;
    else if (isReadiness(atom.k, 'gone')) alive = false;
  }
  return alive;
}

function joinsOf(view: View, timeline: Timeline, removals: readonly Span[]): Span[] {
  const joins: Span[] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const until of [...removals.map((r) => r.start), Number.POSITIVE_INFINITY]) {
    const life = timeline.filter((atom) => atom.t > from && atom.t <= until);
    const begin = from === Number.NEGATIVE_INFINITY ? 0 : life.findIndex((a) => opensLife(a.k));
    const join = begin < 0 ? null : joinOf(view, life.slice(begin), joins.length > 0 || from > 0);
    if (join !== null) joins.push(join);
    from = until + 5_000;
  }
  return joins;
}

const joinWindow = 10 * 60_000;

/** The join at the beginning of a life; null when the node was there before we looked. */
function joinOf(view: View, life: Timeline, hadLife: boolean): Span | null {
  const alive = life.find((atom) => isNodeEvidence(atom) && atom.k !== 'node-created');
  if (life.some((atom) => atom.k === 'known') || alive === undefined) return null;
  const created = life.find((atom) => atom.k === 'node-created');
  const born = created === undefined ? null : Number(created.v) * 1000;
  if (born !== null && born < view.since - 60_000 && !hadLife) return null;
  const starting = life.find((atom) => atom.k === 'kubelet-starting');
  const registered = life.find((atom) => atom.k === 'node-registered');
  const series = life.find((atom) => isReadiness(atom.k, 'on'));
  const byEvents = joinedByEvents(view, life, alive, starting, registered);
  const appeared = series !== undefined && !series.first && series.t - view.metricsSince > 0;
  if (!byEvents && born === null && !appeared && !(hadLife && series)) return null;
  if (born === null && series?.first && !byEvents) return null;
  const begins = [
    ...(byEvents ? [starting?.t, registered?.t] : []),
    born,
    appeared ? series.t : null,
  ].filter((t) => typeof t === 'number');
  const start = Math.min(...begins);
  const ready = life.find((a) => a.t >= start && (isReady(a) || wasReady(a)));
  const evidence = [starting, registered, created, series]
    .filter((atom) => atom !== undefined && Math.abs(atom.t - start) < joinWindow)
    .map((atom) => evidenceOf(atom!, 'start'));
  if (ready) evidence.push(evidenceOf(ready, 'end'));
  // What it is no more, it was until just before.
  const end = ready === undefined ? null : Math.max(start, ready.t - (wasReady(ready) ? 2_000 : 0));
  return { start, end, endBy: ready?.k ?? null, evidence };
}

const isReady = (atom: Atom): boolean => atom.k === 'node-ready' || atom.k === 'ready:on';

/** The node controller says so only of nodes that were ready; a hollow one says nothing itself. */
const wasReady = (atom: Atom): boolean =>
  atom.k === 'node-not-ready' && atom.x?.['component'] === 'node-controller';

/**
 * A kubelet's start and its registration; or its start and then Ready while the rest of the
 * cluster was known before. A registration alone counts only when no controller manager has just
 * started: that one registers all nodes anew.
 */
function joinedByEvents(
  view: View,
  life: Timeline,
  alive: Atom,
  starting: Atom | undefined,
  registered: Atom | undefined,
): boolean {
  if (starting !== undefined && starting.t - alive.t < 30_000) {
    const until = starting.t + joinWindow;
    const within = (k: string): Atom | undefined =>
      life.find((a) => a.k === k && a.t >= starting.t - 5_000 && a.t <= until);
    const rebooted = within('node-rebooted');
    if (rebooted && rebooted.t - starting.t < 60_000) return false;
    // Both at the beginning of all evidence is a birth; later a new controller may say so, too.
    const again = within('node-registered');
    const sure = starting.t - view.since < 60_000 || (again && !electionNear(view, again.t));
    if (again && (sure || within('node-ready'))) return true;
    if (within('node-ready') && starting.t - view.since > 60_000) return !hasMetricBaseline(life);
  }
  if (registered === undefined || registered.t - view.since < 60_000) return false;
  if (registered.t - alive.t > 60_000 || hasMetricBaseline(life)) return false;
  return !electionNear(view, registered.t);
}

/** Its series were there with the first samples, so before our time or with its birth. */
function hasMetricBaseline(life: Timeline): boolean {
  const created = life.some((atom) => atom.k === 'node-created');
  return !created && life.some((atom) => atom.first === true && isReadiness(atom.k, 'on'));
}

function electionNear(view: View, time: number): boolean {
  return view
    .scopes('Lease')
    .filter(([scope]) => scope.endsWith('/kube-controller-manager'))
    .some(([, timeline]) =>
      timeline.some(
        (a) =>
          (a.k === 'leader-elected' || a.k === 'leading:on') &&
          a.t > time - 60_000 &&
          a.t < time + 5_000,
      ),
    );
}

function changesOf(timeline: Timeline, signal: string): VersionChange[] {
  const changes: VersionChange[] = [];
  let value: string | null = null;
  for (const atom of timeline) {
    if (atom.k !== signal) continue;
    const next = String(atom.v);
    if (value !== null && next !== value) changes.push({ time: atom.t, from: value, to: next });
    value = next;
  }
  return changes;
}
