import type { Atom, Timeline } from '../atoms.ts';
import { type Draft, type Evidence, evidenceOf, type Phase, type View } from '../draft.ts';
import type { NodeUpgrade } from './nodes.ts';
import { isStuck } from './progress.ts';

const scope = 'ClusterVersion/version';

/** Upgrades of OpenShift: the whole, its control plane, and pools. */
export function openshiftUpgrades(view: View, upgrades: readonly NodeUpgrade[]): Draft[] {
  const pools = poolUpdates(view);
  const drafts: Draft[] = [...pools.map((pool) => pool.draft)];
  for (const target of targetsOf(view.timeline(scope))) {
    const plane = controlPlaneOf(view, target, pools);
    drafts.push(wholeOf(view, target, plane, pools, upgrades));
    if (plane.start !== null) drafts.push(planeDraft(view, target, plane));
  }
  return drafts;
}

/** Times in which nodes are expected to be cordoned and rebooted by an upgrade. */
export function upgradeWindows(view: View): (readonly [from: number, to: number])[] {
  const timeline = view.timeline(scope);
  return targetsOf(timeline).map((target) => {
    const done = timeline.find((a) => a.k === 'version-completed' && versionOf(a) === target.to);
    const to = done ? epochOf(done) + windowMs : Number.POSITIVE_INFINITY;
    return [target.start, Math.min(to, target.until)];
  });
}

/** Pools take hours after their control plane. */
const windowMs = 12 * 60 * 60_000;

interface Target {
  readonly from: string;
  readonly to: string;
  readonly start: number;
  readonly evidence: readonly Evidence[];
  /** Next target's start, or infinity: a retarget ends this one. */
  until: number;
}

const versionOf = (atom: Atom): string => atom.x?.['version'] ?? atom.sub ?? '';
/** Values of cluster_version are epoch seconds: exact, however late the sample came. */
const epochOf = (atom: Atom): number => {
  const at = Number(atom.v) * 1000;
  return at > 0 && at <= atom.t ? at : atom.t;
};

/** Requests for a version other than the current one. A CVO that starts names the same again. */
function targetsOf(timeline: Timeline): Target[] {
  const targets: Target[] = [];
  let current = '';
  for (const atom of timeline) {
    const version = versionOf(atom);
    if (atom.k === 'version-current' || atom.k === 'version-completed') current = version;
    if (!isRequest(atom) || version === '' || version === current) continue;
    const last = targets.at(-1);
    if (last !== undefined && last.to === version && (current === last.from || last.from === '')) {
      (last.evidence as Evidence[]).push(evidenceOf(atom, 'start'));
      continue;
    }
    if (current === '' && !isRealRequest(timeline, atom)) {
      current = version;
      continue;
    }
    const start = atom.s === 'm' ? epochOf(atom) : atom.t;
    if (last !== undefined) last.until = start;
    const evidence = [evidenceOf(atom, 'start')];
    targets.push({ from: current, to: version, start, evidence, until: Number.POSITIVE_INFINITY });
  }
  return targets.map((target) => ({ ...target, start: earliest(timeline, target) }));
}

const isRequest = (atom: Atom): boolean =>
  atom.k === 'payload-retrieve' ||
  atom.k === 'payload-loaded' ||
  atom.k === 'version-desired' ||
  atom.k === 'version-updating';

/** With no version known before: a restart announces its leader first and checks nothing. */
function isRealRequest(timeline: Timeline, atom: Atom): boolean {
  if (atom.s === 'm') return true;
  const near = (k: string, from: number, to: number): boolean =>
    timeline.some((a) => a.k === k && a.t >= atom.t + from && a.t <= atom.t + to);
  return near('payload-checked', -10_000, 15 * 60_000) && !near('cvo-leader', -60_000, 5_000);
}

/** A metric's epoch may be before the first event that was seen. */
function earliest(timeline: Timeline, target: Target): number {
  const epochs = timeline
    .filter((a) => a.k === 'version-desired' && versionOf(a) === target.to)
    .map(epochOf)
    .filter((t) => Math.abs(t - target.start) < 60 * 60_000);
  return Math.min(target.start, ...epochs);
}

interface Plane {
  readonly start: number | null;
  readonly end: number | null;
  readonly endBy: string | null;
  readonly evidence: readonly Evidence[];
}

function controlPlaneOf(view: View, target: Target, pools: readonly Pool[]): Plane {
  const timeline = view.timeline(scope);
  const own = timeline.filter(
    (a) => versionOf(a) === target.to && a.t >= target.start - 60_000 && a.t <= target.until,
  );
  const begins = own.filter((a) =>
    ['payload-loaded', 'payload-checked', 'version-updating'].includes(a.k),
  );
  const starts = begins.map((a) => (a.s === 'm' ? epochOf(a) : a.t));
  const start = starts.length === 0 ? null : Math.min(...starts);
  const evidence = begins.map((a) => evidenceOf(a, 'start'));
  const done = own.find((a) => a.k === 'version-completed' && epochOf(a) >= target.start - 1000);
  if (done) {
    evidence.push(evidenceOf(done, 'end'));
    return { start, end: epochOf(done), endBy: done.k, evidence };
  }
  // No event says so; but worker pools begin when the operators are through.
  const pool = pools.find((p) => p.start >= (start ?? target.start) && p.start <= target.until);
  const operators = operatorsDone(view, target);
  if (pool && operators) return { start, end: pool.start, endBy: 'pool-updating', evidence };
  return { start, end: null, endBy: null, evidence };
}

/** Every operator that was seen to move has the new version. */
function operatorsDone(view: View, target: Target): boolean {
  return view.scopes('ClusterOperator').every(([, timeline]) => {
    const moved = timeline.some((a) => a.k === 'operator-progressing' && a.t >= target.start);
    if (!moved) return true;
    return timeline.some((a) => a.k === 'operator-version' && a.x?.['to'] === target.to);
  });
}

function planeDraft(view: View, target: Target, plane: Plane): Draft {
  return {
    rule: view.rule('upgrade-control-plane'),
    object: scope,
    slots: { from: target.from, to: target.to },
    start: plane.start!,
    end: plane.end,
    endBy: plane.endBy,
    evidence: plane.evidence,
    affinity: {},
  };
}

/** After the control plane, this long without any node at work means that none will follow. */
const restMs = 30 * 60_000;

function wholeOf(
  view: View,
  target: Target,
  plane: Plane,
  pools: readonly Pool[],
  upgrades: readonly NodeUpgrade[],
): Draft {
  const until = Math.min(target.until, (plane.end ?? view.now) + 24 * 60 * 60_000);
  const own = pools.filter((p) => p.start >= target.start - 60_000 && p.start <= until);
  const nodes = upgrades.filter(
    (u) => u.kind === 'configuration' && u.start >= target.start && u.start <= until,
  );
  const last = Math.max(
    0,
    ...own.map((p) => p.end ?? view.now),
    ...nodes.map((n) => n.end ?? view.now),
  );
  let end: number | null = null;
  if (
    plane.end !== null &&
    own.every((p) => p.end !== null) &&
    nodes.every((n) => n.end !== null)
  ) {
    const latest = Math.max(plane.end, last);
    if (own.length > 0) end = Math.max(plane.end, ...own.map((p) => p.end!));
    else if (view.now - latest > restMs) end = latest;
  }
  if (end === null && target.until < view.now) end = target.until;
  return {
    rule: view.rule('cluster-upgrade'),
    object: scope,
    slots: { from: target.from, to: target.to },
    start: target.start,
    end,
    endBy: end === null ? null : own.length > 0 ? 'pool-completed' : (plane.endBy ?? 'quiet'),
    evidence: [...target.evidence, ...own.flatMap((pool) => pool.draft.evidence)],
    affinity: {},
    phases: phasesOf(target, plane, own),
    percent: end === null ? percentOf(view, target, plane) : 100,
    nodes: nodes.map((n) => ({
      node: n.node,
      start: n.start,
      end: n.end,
      stuck: isStuck(view, n, nodes),
    })),
  };
}

function phasesOf(target: Target, plane: Plane, pools: readonly Pool[]): Phase[] {
  const phases: Phase[] = [{ name: 'requested', start: target.start, end: plane.start }];
  if (plane.start !== null) {
    phases.push({ name: 'control plane', start: plane.start, end: plane.end });
  }
  for (const pool of pools) {
    phases.push({ name: `pool ${pool.name}`, start: pool.start, end: pool.end });
  }
  return phases;
}

/** Of the control plane by its payload; 99 while nodes are left. */
function percentOf(view: View, target: Target, plane: Plane): number {
  if (plane.end !== null) return 99;
  let applied = 0;
  let pending = 0;
  for (const atom of view.timeline(scope)) {
    if (versionOf(atom) !== target.to) continue;
    if (atom.k === 'payload-applied') applied = Number(atom.v);
    if (atom.k === 'payload-pending') pending = Number(atom.v);
  }
  return applied + pending === 0 ? 0 : Math.floor((100 * applied) / (applied + pending));
}

interface Pool {
  readonly name: string;
  readonly start: number;
  readonly end: number | null;
  readonly draft: Draft;
}

/** Updates of pools: told by events, or by machines that are not yet updated. */
function poolUpdates(view: View): Pool[] {
  return view.scopes('MachineConfigPool').flatMap(([poolScope, timeline]) => {
    const found: {
      start: number;
      end: number | null;
      endBy: string | null;
      evidence: Evidence[];
    }[] = [];
    let updated = Number.NaN;
    let count = Number.NaN;
    let behind = false;
    const begin = (atom: Atom): void => {
      const last = found.at(-1);
      if (last === undefined || last.end !== null) {
        found.push({
          start: atom.t,
          end: null,
          endBy: null,
          evidence: [evidenceOf(atom, 'start')],
        });
      } else last.evidence.push(evidenceOf(atom, 'start'));
    };
    const finish = (atom: Atom): void => {
      const last = found.at(-1);
      if (last === undefined || last.end !== null) return;
      Object.assign(last, { end: atom.t, endBy: atom.k });
      last.evidence.push(evidenceOf(atom, 'end'));
    };
    for (const [i, atom] of timeline.entries()) {
      if (atom.k === 'pool-updating') begin(atom);
      if (atom.k === 'pool-completed') finish(atom);
      if (atom.k === 'pool-updated-count') updated = Number(atom.v);
      if (atom.k === 'pool-count') count = Number(atom.v);
      // Both numbers of one scrape belong together.
      if (atom.s !== 'm' || timeline[i + 1]?.t === atom.t) continue;
      if (updated < count && !behind && !atom.first) begin(atom);
      if (updated >= count && behind) finish(atom);
      behind = updated < count;
    }
    const name = poolScope.slice('MachineConfigPool/'.length);
    return found.map((span) => ({ name, ...span, draft: poolDraft(view, poolScope, name, span) }));
  });
}

function poolDraft(
  view: View,
  object: string,
  name: string,
  span: { start: number; end: number | null; endBy: string | null; evidence: readonly Evidence[] },
): Draft {
  return {
    rule: view.rule('upgrade-node-pool'),
    object,
    slots: { pool: name },
    ...span,
    affinity: {},
  };
}
