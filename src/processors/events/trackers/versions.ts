import { type Draft, type Evidence, evidenceOf, type NodeProgress, type View } from '../draft.ts';
import type { NodeStory, VersionChange } from './node-types.ts';
import type { NodeUpgrade } from './nodes.ts';
import { isStuck } from './progress.ts';

/** Upgrades of clusters without a ClusterVersion: told by versions, or by nodes in turn. */
export function versionUpgrades(
  view: View,
  stories: readonly NodeStory[],
  upgrades: readonly NodeUpgrade[],
): Draft[] {
  const controlPlanes = controlPlaneChanges(view);
  const drafts: Draft[] = [];
  for (const change of controlPlanes) {
    drafts.push(whole(view, change, stories, upgrades), controlPlane(view, change));
  }
  const byNodes = nodeVersionMix(stories, controlPlanes);
  if (byNodes !== null) drafts.push(whole(view, byNodes, stories, upgrades));
  if (controlPlanes.length === 0 && byNodes === null) {
    const inferred = inferredUpgrade(view, stories, upgrades);
    if (inferred !== null) drafts.push(inferred);
  }
  return drafts;
}

interface Change {
  readonly from: string;
  readonly to: string;
  readonly start: number;
  /** When all components of the control plane ran the new version; null: not yet. */
  readonly end: number | null;
  readonly evidence: readonly Evidence[];
}

/** Processes whose build changed, folded into one change per target version. */
function controlPlaneChanges(view: View): Change[] {
  const running = new Map<string, string>();
  const changes: { from: string; to: string; start: number; last: number; evidence: Evidence[] }[] =
    [];
  for (const atom of view.timeline('Cluster')) {
    const [id, state] = atom.k.split(':');
    if (id !== 'build-version') continue;
    const process = atom.sub ?? '';
    const version = String(atom.v);
    if (state === 'gone') continue;
    const before = running.get(process);
    running.set(process, version);
    if (before === undefined || before === version) continue;
    const open = changes.findLast((c) => c.to === version);
    if (open) {
      open.last = atom.t;
      open.evidence.push(evidenceOf(atom, 'end'));
    } else {
      const start = startOfProcess(view, process, atom.t);
      const evidence = [evidenceOf(atom, 'start')];
      changes.push({ from: before, to: version, start, last: atom.t, evidence });
    }
  }
  return changes.map(({ from, to, start, last, evidence }) => {
    const done = [...running.values()].every((version) => version !== from);
    return { from, to, start, end: done ? last : null, evidence };
  });
}

/** When the new process began, by its own word: finer than the scrape that saw it. */
function startOfProcess(view: View, process: string, seen: number): number {
  const component = `Component/${process.split('/')[0]}`;
  const aliases = [component, component.replace('/apiserver', '/kube-apiserver')];
  const started = aliases
    .flatMap((scope) => view.timeline(scope))
    .filter((a) => a.k === 'process-start' && Math.abs(a.t - seen) < 60_000)
    .map((a) => Number(a.v) * 1000)
    .filter((t) => t <= seen && seen - t < 5 * 60_000);
  return Math.min(seen, ...started);
}

function controlPlane(view: View, change: Change): Draft {
  return {
    rule: view.rule('upgrade-control-plane'),
    object: 'Cluster',
    slots: { from: change.from, to: change.to },
    start: change.start,
    end: change.end,
    endBy: change.end === null ? null : 'build-version',
    evidence: change.evidence,
    affinity: {},
  };
}

function whole(
  view: View,
  change: Change,
  stories: readonly NodeStory[],
  upgrades: readonly NodeUpgrade[],
): Draft {
  const present = stories.filter((story) => story.present);
  const own = upgrades.filter((u) => u.start >= change.start - 60_000);
  const nodes = present.map((story) => progressOf(view, story, change.to, own));
  const told = present.some((story) => story.version !== '');
  const behind = nodes.filter((node) => node.end === null);
  const ends = nodes.map((node) => node.end ?? 0);
  let end = change.end;
  if (told) end = behind.length > 0 || end === null ? null : Math.max(end, ...ends);
  return {
    rule: view.rule('cluster-upgrade'),
    object: 'Cluster',
    slots: { from: change.from, to: change.to },
    start: change.start,
    end,
    endBy: end === null ? null : 'kubelet-version',
    evidence: change.evidence,
    affinity: {},
    phases: [{ name: 'control plane', start: change.start, end: change.end }],
    percent:
      nodes.length === 0 ? 0 : Math.round((100 * (nodes.length - behind.length)) / nodes.length),
    nodes,
  };
}

function progressOf(
  view: View,
  story: NodeStory,
  to: string,
  upgrades: readonly NodeUpgrade[],
): NodeProgress {
  const done = upgrades.find((u) => u.node === story.name && (u.to === to || u.to === ''));
  const there = story.version === to;
  const joined = story.joins.at(-1)?.end ?? null;
  const end = there ? (done ? done.end : (joined ?? 0)) : null;
  const stuck = done !== undefined && isStuck(view, done, upgrades);
  return { node: story.name, start: done?.start ?? null, end, stuck };
}

/** Managed clusters hide their control plane: nodes of two versions tell, too. */
function nodeVersionMix(stories: readonly NodeStory[], known: readonly Change[]): Change | null {
  const changes = [...stories.flatMap((story) => story.versions), ...replacements(stories)];
  const first = changes
    .filter((c) => !known.some((k) => k.to === c.to))
    .reduce<(typeof changes)[number] | null>(
      (early, c) => (early === null || c.time < early.time ? c : early),
      null,
    );
  if (first === null) return null;
  const evidence: Evidence = {
    source: 'metric',
    signal: 'kubelet-version',
    role: 'start',
    time: first.time,
    count: 1,
  };
  return {
    from: first.from,
    to: first.to,
    start: first.time,
    end: first.time,
    evidence: [evidence],
  };
}

/** Nodes that joined with a newer version than all that were there: old ones are replaced. */
function replacements(stories: readonly NodeStory[]): VersionChange[] {
  return stories.flatMap((story) => {
    const join = story.joins.at(-1);
    if (join === undefined || story.version === '') return [];
    const before = stories.filter(
      (other) =>
        other !== story &&
        other.version !== '' &&
        other.joins.every((j) => j.start < join.start) &&
        (other.present || other.removals.some((r) => r.start > join.start)),
    );
    const old = before.map((other) => other.versions.at(-1)?.from ?? other.version);
    if (old.length === 0 || !old.every((version) => isNewer(story.version, version))) return [];
    return [{ time: join.start, from: old[0]!, to: story.version }];
  });
}

/** Compares the numbers of two versions, in order: `v1.34.0` is newer than `v1.9.11`. */
function isNewer(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => (text.match(/\d+/g) ?? []).map(Number));
  for (let i = 0; i < Math.min(x!.length, y!.length); i++) {
    if (x![i] !== y![i]) return x![i]! > y![i]!;
  }
  return false;
}

const gapMs = 15 * 60_000;

/** Nodes restarted in turn, best after new leaders: an upgrade by all that events can tell. */
function inferredUpgrade(
  view: View,
  stories: readonly NodeStory[],
  upgrades: readonly NodeUpgrade[],
): Draft | null {
  const turns = upgrades.filter((u) => u.kind === 'restart').sort((a, b) => a.start - b.start);
  const first = turns[0];
  if (first === undefined) return null;
  const start = firstElection(view, first.start);
  const last = Math.max(...turns.map((u) => u.end ?? view.now));
  const present = stories.filter(
    (story) => story.present && story.joins.every((j) => j.start < start),
  );
  const all = present.every((story) => turns.some((u) => u.node === story.name && u.end !== null));
  const over = all || view.now - last > gapMs;
  return {
    rule: view.rule('cluster-upgrade'),
    object: 'Cluster',
    slots: {},
    start,
    end: over ? last : null,
    endBy: over ? (all ? 'node-schedulable' : 'quiet') : null,
    evidence: turns.map((u) => ({
      source: 'kubernetes-event',
      signal: 'kubelet-starting',
      role: 'during',
      time: u.start,
      count: 1,
    })),
    affinity: {},
    inferred: true,
    nodes: turns.map((u) => ({
      node: u.node,
      start: u.start,
      end: u.end,
      stuck: isStuck(view, u, turns),
    })),
  };
}

/** The first of the elections that lead, without a long pause, to the first node's turn. */
function firstElection(view: View, firstNode: number): number {
  const elections = view
    .scopes('Lease')
    .filter(([scope]) => /\/kube-(controller-manager|scheduler)$/.test(scope))
    .flatMap(([, timeline]) => timeline)
    .filter((a) => a.k === 'leader-elected' && a.t < firstNode)
    .map((a) => a.t)
    .sort((a, b) => b - a);
  let start = firstNode;
  for (const time of elections) if (start - time < 180_000) start = time;
  return start;
}
