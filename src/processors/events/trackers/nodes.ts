import type { Atom } from '../atoms.ts';
import type { Draft, Evidence, View } from '../draft.ts';
import { evidenceOf } from '../draft.ts';
import { workloadOfPod } from '../names.ts';
import type { Cordon, NodeStory, Outage, Span, VersionChange } from './node-types.ts';

/** Facts of nodes, and how each node's maintenance was understood. */
export interface NodeFacts {
  readonly drafts: readonly Draft[];
  readonly upgrades: readonly NodeUpgrade[];
}

/** A node brought to something new: with a machine config daemon, or a new kubelet. */
export interface NodeUpgrade {
  readonly node: string;
  readonly start: number;
  readonly end: number | null;
  readonly kind: 'configuration' | 'version' | 'restart';
  readonly to: string;
}

export function nodeFacts(
  view: View,
  stories: readonly NodeStory[],
  windows: readonly (readonly [from: number, to: number])[],
): NodeFacts {
  const rolling = rollingRestarts(stories);
  const drafts: Draft[] = [];
  const upgrades: NodeUpgrade[] = [];
  for (const story of stories) {
    const done = story.cordons.map((cordon) =>
      maintenanceOf(view, story, cordon, rolling, windows),
    );
    const own = done.filter((upgrade) => upgrade !== null);
    own.push(...changesInPlace(story, own));
    upgrades.push(...own);
    drafts.push(
      ...story.joins.map((span) => draft(view, 'node-joined', story, span)),
      ...story.removals.map((span) => draft(view, 'node-removed', story, span)),
      ...story.outages.filter((o) => !isPartOfRemoval(story, o)).map((o) => outage(view, story, o)),
      ...own.map((upgrade) => upgradeDraft(view, story, upgrade)),
      ...story.cordons.flatMap((c, i) => (done[i] ? [] : cordonDraft(view, story, c))),
      ...restarts(view, story, own),
    );
  }
  return { drafts, upgrades };
}

function draft(view: View, id: string, story: NodeStory, span: Span): Draft {
  return {
    rule: view.rule(id),
    object: story.scope,
    slots: { node: story.name },
    start: span.start,
    end: span.end,
    endBy: span.endBy,
    evidence: span.evidence,
    affinity: { node: story.name },
  };
}

const outageRules = {
  rebooted: 'node-rebooted',
  lost: 'node-lost',
  'not-ready': 'node-not-ready',
} as const;

const outage = (view: View, story: NodeStory, o: Outage): Draft =>
  draft(view, outageRules[o.kind], story, o);

/** A node on its way out is first not ready, and then gone: that is one fact. */
function isPartOfRemoval(story: NodeStory, o: Outage): boolean {
  return (
    o.end === null && story.removals.some((r) => r.start >= o.start && r.start - o.start < 180_000)
  );
}

/** Cordons in which at least two nodes' kubelets were restarted in turn: a rolling update. */
function rollingRestarts(stories: readonly NodeStory[]): ReadonlySet<Cordon> {
  const all = stories.flatMap((story) =>
    story.cordons
      .filter((c) => c.kubeletStart !== null && !c.daemon && !rebootedIn(story, c))
      .map((cordon) => ({ cordon, node: story.name })),
  );
  const near = (a: Cordon, b: Cordon): boolean => Math.abs(a.start - b.start) < 30 * 60_000;
  return new Set(
    all
      .filter((a) => all.some((b) => b.node !== a.node && near(a.cordon, b.cordon)))
      .map((a) => a.cordon),
  );
}

const rebootedIn = (story: NodeStory, c: Cordon): boolean =>
  story.outages.some((o) => o.kind === 'rebooted' && overlaps(o, c));

function overlaps(a: Span, b: Span): boolean {
  const infinity = Number.POSITIVE_INFINITY;
  return a.start <= (b.end ?? infinity) && b.start <= (a.end ?? infinity);
}

function changeIn(
  view: View,
  changes: readonly VersionChange[],
  cordon: Cordon,
): VersionChange | undefined {
  const slack = Math.max(2 * view.cadence, 5_000);
  return changes.find(
    (c) => c.time >= cordon.start - slack && c.time <= (cordon.end ?? view.now) + slack,
  );
}

/** What a cordon was for; null when for nothing that we can see. */
function maintenanceOf(
  view: View,
  story: NodeStory,
  cordon: Cordon,
  rolling: ReadonlySet<Cordon>,
  windows: readonly (readonly [from: number, to: number])[],
): NodeUpgrade | null {
  if (cordon.removed) return null;
  const version = changeIn(view, story.versions, cordon);
  const image = changeIn(view, story.images, cordon);
  const span = { node: story.name, start: cordon.start, end: cordon.end };
  if (cordon.daemon || cordon.targeted !== null || (image && !version)) {
    const to = image?.to ?? version?.to ?? '';
    return { ...span, start: cordon.targeted ?? cordon.start, kind: 'configuration', to };
  }
  if (version) return { ...span, kind: 'version', to: version.to };
  // A pool's update shows as a cordon and a gap in readiness, where nothing else is told.
  const expected = windows.some(([from, to]) => cordon.start >= from && cordon.start <= to);
  if (expected && story.outages.some((o) => overlaps(o, cordon))) {
    return { ...span, kind: 'configuration', to: '' };
  }
  if (rolling.has(cordon)) return { ...span, kind: 'restart', to: '' };
  return null;
}

/** Kubelets that changed their version without a cordon. */
function changesInPlace(story: NodeStory, known: readonly NodeUpgrade[]): NodeUpgrade[] {
  return story.versions
    .filter(
      (c) =>
        !known.some((u) => u.start - 60_000 <= c.time && c.time <= (u.end ?? c.time) + 120_000),
    )
    .filter((c) => !story.joins.some((j) => Math.abs(j.start - c.time) < 60_000))
    .map((c) => {
      const start = story.starts.findLast((a) => a.t <= c.time && c.time - a.t < 120_000);
      return {
        node: story.name,
        start: start?.t ?? c.time,
        end: c.time,
        kind: 'version',
        to: c.to,
      };
    });
}

function upgradeDraft(view: View, story: NodeStory, upgrade: NodeUpgrade): Draft {
  const cordon = story.cordons.find((c) => c.start >= upgrade.start && c.end === upgrade.end);
  const evidence: Evidence[] = [...(cordon?.evidence ?? [])];
  const change = story.versions.find((c) => c.to === upgrade.to);
  if (change) {
    evidence.push(metricEvidence('kubelet-version', 'during', change.time));
  }
  const image = story.images.find((c) => c.to === upgrade.to);
  if (image) evidence.push(metricEvidence('os-image', 'during', image.time));
  if (cordon?.targeted) {
    evidence.unshift(metricEvidence('node-targeted', 'start', cordon.targeted, 'kubernetes-event'));
  }
  return {
    rule: view.rule('upgrade-node'),
    object: story.scope,
    slots: { node: story.name, ...(upgrade.to === '' ? {} : { to: upgrade.to }) },
    start: upgrade.start,
    end: upgrade.end,
    endBy: cordon?.endBy ?? 'kubelet-version',
    evidence,
    affinity: { node: story.name },
    inferred: upgrade.to === '' && !cordon?.daemon && !cordon?.targeted,
  };
}

const metricEvidence = (
  signal: string,
  role: Evidence['role'],
  time: number,
  source: Evidence['source'] = 'metric',
): Evidence => ({ source, signal, role, time, count: 1 });

/** Shorter cordons are not shown while they last: it is not yet clear what they are for. */
const settleMs = 20_000;

function cordonDraft(view: View, story: NodeStory, cordon: Cordon): Draft[] {
  if (cordon.removed) return [];
  if (cordon.end === null && view.now - cordon.start < settleMs) return [];
  const moved = cordon.pods.filter((atom) => !isScaledAway(view, atom));
  const soon = moved.some((atom) => atom.t - cordon.start < 20_000);
  const drained = moved.length >= 2 || (moved.length === 1 && soon);
  return [draft(view, drained ? 'node-drained' : 'node-cordoned', story, cordon)];
}

/** A pod that its controller deleted (a scale-down, a rollout) was not moved by a drain. */
function isScaledAway(view: View, atom: Atom): boolean {
  const [namespace, pod] =
    atom.sub === undefined
      ? [atom.x?.['namespace'] ?? '', atom.x?.['name'] ?? '']
      : (atom.sub.split('/') as [string, string]);
  const near = (t: number): boolean => Math.abs(t - atom.t) < 30_000 + 2 * view.cadence;
  const deleted = view.timeline(`Pod/${namespace}/${pod}`);
  if (deleted.some((a) => a.k === 'pod-deleted' && near(a.t))) return true;
  const name = atom.x?.['deployment'] ?? workloadOfPod(pod);
  const scaling = view.timeline(`Deployment/${namespace}/${name}`);
  let wanted = Number.NaN;
  for (const a of scaling) {
    if (a.k === 'replicaset-scaled' && a.x?.['dir'] === 'down' && near(a.t)) return true;
    if (a.k !== 'replicas-wanted') continue;
    if (Number(a.v) < wanted && near(a.t)) return true;
    wanted = Number(a.v);
  }
  return false;
}

/** Starts of a kubelet that belong to nothing greater. */
function restarts(view: View, story: NodeStory, upgrades: readonly NodeUpgrade[]): Draft[] {
  const inside = (span: { start: number; end: number | null }, t: number): boolean =>
    t >= span.start - 30_000 && t <= (span.end ?? t) + 5_000;
  const plain = story.starts.filter(
    ({ t }) =>
      view.now - t >= settleMs &&
      !story.joins.some((join) => inside(join, t)) &&
      !story.outages.some((o) => o.kind === 'rebooted' && inside(o, t)) &&
      !upgrades.some((upgrade) => inside(upgrade, t)),
  );
  // A kubelet that keeps a pruned past is known; one whose life we did not see begin is too.
  return plain.map((atom) =>
    draft(view, 'kubelet-restarted', story, {
      start: atom.t,
      end: atom.t,
      endBy: atom.k,
      evidence: [evidenceOf(atom, 'start')],
    }),
  );
}
