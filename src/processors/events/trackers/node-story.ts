import type { Atom, Timeline } from '../atoms.ts';
import { type Evidence, evidenceOf, seenSpan, type View } from '../draft.ts';

/** What happened to one node, read from its timeline; classified by `nodes.ts`. */
export interface NodeStory {
  readonly name: string;
  readonly scope: string;
  readonly joins: readonly Span[];
  readonly removals: readonly Span[];
  readonly outages: readonly Outage[];
  readonly cordons: readonly Cordon[];
  readonly versions: readonly VersionChange[];
  readonly images: readonly VersionChange[];
  readonly starts: readonly Atom[];
  /** Version that the kubelet runs now; '' when no series tells. */
  readonly version: string;
  /** In the cluster, as far as we know. */
  readonly present: boolean;
}

export interface Span {
  readonly start: number;
  readonly end: number | null;
  readonly endBy: string | null;
  readonly evidence: readonly Evidence[];
}

export interface Outage extends Span {
  /** lost: said by the control plane, or no answer for long; not-ready: by the kubelet. */
  readonly kind: 'rebooted' | 'lost' | 'not-ready';
}

export interface Cordon extends Span {
  /** When a machine config controller chose the node, if it did. */
  readonly targeted: number | null;
  readonly daemon: boolean;
  readonly kubeletStart: number | null;
  readonly pods: readonly Atom[];
  /** It ended because the node left. */
  readonly removed: boolean;
}

export interface VersionChange {
  readonly time: number;
  readonly from: string;
  readonly to: string;
}

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
  const ready = life.find((a) => (a.k === 'node-ready' || a.k === 'ready:on') && a.t >= start);
  const evidence = [starting, registered, created, series]
    .filter((atom) => atom !== undefined && Math.abs(atom.t - start) < joinWindow)
    .map((atom) => evidenceOf(atom!, 'start'));
  if (ready) evidence.push(evidenceOf(ready, 'end'));
  return { start, end: ready?.t ?? null, endBy: ready?.k ?? null, evidence };
}

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

interface OpenOutage {
  start: number;
  lost: boolean;
  said: boolean;
  shutdown: boolean;
  rebooted: boolean;
  down: Atom | null;
  readonly evidence: Evidence[];
}

const inAny = (spans: readonly Span[], time: number): boolean =>
  spans.some((span) => time >= span.start - 1_000 && time <= (span.end ?? time));

/** Times in which the node was not ready, or gave no answer for long, or rebooted. */
function outagesOf(
  view: View,
  timeline: Timeline,
  joins: readonly Span[],
  removals: readonly Span[],
): Outage[] {
  const found: Outage[] = [];
  const boots = bootsOf(timeline);
  let open: OpenOutage | null = null;
  const finish = (end: number | null, endBy: string | null): void => {
    if (open !== null) {
      const outage = outageOf(view, open, end, endBy, boots);
      if (outage !== null) found.push(outage);
    }
    open = null;
  };
  for (const atom of timeline) {
    const role = outageRole(atom, open);
    if (role === 'end') {
      if (open !== null && !(atom.k === 'kubelet-down:off' && goesOn(view, timeline, atom.t))) {
        (open as OpenOutage).evidence.push(evidenceOf(atom, 'end'));
        finish(atom.t, atom.k);
      }
    } else if (role !== null && (role === 'reboot' || !inAny(joins, atom.t))) {
      open ??= {
        start: atom.t,
        lost: false,
        said: false,
        shutdown: false,
        rebooted: false,
        down: null,
        evidence: [],
      };
      note(open, atom, role);
    }
    if (removals.some((r) => r.start === atom.t)) finish(null, null);
  }
  const last = removals.at(-1)?.start ?? Number.NEGATIVE_INFINITY;
  if (open !== null && (open as OpenOutage).start > last) finish(null, null);
  return [...found, ...bootsAlone(boots, found, joins)].sort((a, b) => a.start - b.start);
}

/** It answers again, but says that it is not ready or has booted: that is the same outage. */
function goesOn(view: View, timeline: Timeline, time: number): boolean {
  return timeline.some(
    (a) =>
      (a.k === 'ready:off' || a.k === 'node-rebooted' || a.k === 'node-not-ready') &&
      a.t >= time &&
      a.t <= time + Math.max(1_000, view.cadence),
  );
}

type OutageRole = 'lost' | 'said' | 'shutdown' | 'down' | 'reboot' | 'end';

function outageRole(atom: Atom, open: OpenOutage | null): OutageRole | null {
  switch (atom.k) {
    case 'node-not-ready':
      return atom.x?.['component'] === 'kubelet' ? 'said' : 'lost';
    case 'ready-unknown:on':
      return atom.first ? null : 'lost';
    case 'ready:off':
      return 'said';
    case 'node-shutdown':
      return 'shutdown';
    case 'kubelet-down:on':
      return atom.first ? null : 'down';
    case 'node-rebooted':
      return 'reboot';
    case 'node-ready':
    case 'ready:on':
      return 'end';
    case 'kubelet-down:off':
      return open !== null && !open.lost && !open.said && !open.shutdown && !open.rebooted
        ? 'end'
        : null;
    case 'taint-cancelled':
      return open?.lost && !open.rebooted && atom.t > open.start + 2_000 ? 'end' : null;
    default:
      return null;
  }
}

function note(open: OpenOutage, atom: Atom, role: OutageRole): void {
  open.evidence.push(evidenceOf(atom, 'start'));
  if (role === 'lost') open.lost = true;
  else if (role === 'said') open.said = true;
  else if (role === 'shutdown') open.shutdown = true;
  else if (role === 'reboot') open.rebooted = true;
  else if (role === 'down') open.down = atom;
}

function outageOf(
  view: View,
  open: OpenOutage,
  end: number | null,
  endBy: string | null,
  boots: readonly Atom[],
): Outage | null {
  const until = (end ?? view.now) + Math.max(30_000, 2 * view.cadence);
  const boot = boots.find((atom) => atom.t > open.start - 5_000 && atom.t <= until);
  const evidence = boot ? [...open.evidence, evidenceOf(boot, 'during')] : open.evidence;
  const span = { start: open.start, end, endBy, evidence };
  // Who shuts down in order mostly comes back.
  const leaves = open.shutdown && end === null && view.now - open.start < rebootMs;
  if (open.rebooted || boot || leaves) return { ...span, kind: 'rebooted' };
  if (open.lost) return { ...span, kind: 'lost' };
  if (open.said || open.shutdown) return { ...span, kind: 'not-ready' };
  return isLongDown(view, open.down!, end) ? { ...span, kind: 'lost' } : null;
}

const rebootMs = 15 * 60_000;

/** No answer to at least four scrapes: less may be a restart or a short gap. */
function isLongDown(view: View, down: Atom, end: number | null): boolean {
  const interval = Math.max(Number(down.v) || 0, view.cadence, 1_000);
  // Until the last failed scrape: with a gap in all metrics that is where the gap began.
  const gap = view.silences.find(([from, to]) => end !== null && from < end && to >= end - 1);
  const last = gap ? gap[0] : (end ?? Math.min(view.now, view.lastSample)) - interval;
  return seenSpan(view, down.t, last) >= 3 * interval * 0.8;
}

/** Changes of the boot time: a clock's correction is no boot. */
function bootsOf(timeline: Timeline): Atom[] {
  const boots: Atom[] = [];
  let value: number | null = null;
  for (const atom of timeline) {
    if (atom.k !== 'boot-time') continue;
    if (value !== null && Number(atom.v) - value > 30) boots.push(atom);
    value = Number(atom.v);
  }
  return boots;
}

/** Reboots that nothing else shows. */
function bootsAlone(
  boots: readonly Atom[],
  outages: readonly Outage[],
  joins: readonly Span[],
): Outage[] {
  return boots
    .filter(
      (boot) =>
        !inAny(joins, boot.t) &&
        !outages.some(
          (o) => o.kind === 'rebooted' && Math.abs((o.end ?? boot.t) - boot.t) < 120_000,
        ),
    )
    .map((boot) => ({
      start: Math.min(Number(boot.v) * 1000, boot.t),
      end: boot.t,
      endBy: boot.k,
      evidence: [evidenceOf(boot, 'start')],
      kind: 'rebooted' as const,
    }));
}

const cordonOpens = new Set(['node-unschedulable', 'cordoned:on', 'update-cordon']);
const cordonCloses = new Set(['node-schedulable', 'cordoned:off', 'update-uncordon']);

interface OpenCordon {
  start: number;
  daemon: boolean;
  targeted: number | null;
  kubeletStart: number | null;
  readonly pods: Atom[];
  readonly evidence: Evidence[];
}

/** Times in which the node took no new pods, with what was done to it meanwhile. */
function cordonsOf(timeline: Timeline, removals: readonly Span[]): Cordon[] {
  const found: Cordon[] = [];
  let open: OpenCordon | null = null;
  let targeted: number | null = null;
  let killed: Atom[] = [];
  const finish = (end: number | null, endBy: string | null, removed: boolean): void => {
    if (open !== null) found.push({ ...open, end, endBy, removed });
    open = null;
  };
  for (const atom of timeline) {
    if (atom.k === 'node-targeted') targeted = atom.t;
    if (podLeaves(atom)) killed = [...killed.filter((a) => atom.t - a.t < 3_000), atom];
    if (cordonOpens.has(atom.k) && !atom.first) {
      const recent = targeted !== null && atom.t - targeted < 30 * 60_000 ? targeted : null;
      const pods = killed.filter((a) => atom.t - a.t < 3_000);
      open ??= {
        start: atom.t,
        daemon: false,
        targeted: recent,
        kubeletStart: null,
        pods,
        evidence: [],
      };
      targeted = null;
    }
    if (open !== null) noteCordon(open, atom);
    if (cordonCloses.has(atom.k)) finish(atom.t, atom.k, false);
    if (removals.some((r) => r.start === atom.t)) finish(atom.t, atom.k, true);
  }
  finish(null, null, false);
  return found;
}

const podLeaves = (atom: Atom): boolean =>
  atom.k === 'pod-killed' || atom.k === 'pod-left:gone' || atom.k === 'pod-evicted-api';

function noteCordon(open: OpenCordon, atom: Atom): void {
  if (cordonOpens.has(atom.k)) open.evidence.push(evidenceOf(atom, 'start'));
  else if (cordonCloses.has(atom.k)) open.evidence.push(evidenceOf(atom, 'end'));
  if (atom.k.startsWith('update-')) {
    open.daemon = true;
    if (atom.k !== 'update-cordon' && atom.k !== 'update-uncordon') {
      open.evidence.push(evidenceOf(atom, 'during'));
    }
  }
  if (atom.k === 'kubelet-starting') {
    open.kubeletStart ??= atom.t;
    open.evidence.push(evidenceOf(atom, 'during'));
  }
  if (podLeaves(atom) && !open.pods.includes(atom)) {
    open.pods.push(atom);
    open.evidence.push(evidenceOf(atom, 'during'));
  }
}
