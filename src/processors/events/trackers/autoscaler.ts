import type { Atom } from '../atoms.ts';
import { type Draft, type Evidence, evidenceOf, type View } from '../draft.ts';
import { groupOfNodes } from '../names.ts';
import type { NodeStory, Span } from './node-types.ts';

interface Up {
  group: string | null;
  from: number | null;
  to: number | null;
  count: number;
  start: number;
  failed: Atom | null;
  readonly evidence: Evidence[];
  readonly nodes: { node: string; join: Span }[];
}

interface Down {
  start: number;
  last: number;
  group: string | null;
  readonly marked: Set<string>;
  /** When the autoscaler said that a node was removed. */
  readonly done: Map<string, number>;
  counted: number;
  readonly evidence: Evidence[];
}

const upWindow = 30 * 60_000;
const sessionMs = 5 * 60_000;

/** One scale-up (request to the last node ready) and one scale-down are one interval each. */
export function autoscaling(view: View, stories: readonly NodeStory[]): Draft[] {
  const timeline = view.timeline('Autoscaler');
  const ups = scaleUps(view, timeline);
  assignJoins(ups, stories);
  const groups = new Map<string, string>(Object.entries(view.groups));
  for (const up of ups) {
    for (const { node } of up.nodes) {
      if (up.group !== null && !groups.has(node)) groups.set(node, up.group);
    }
  }
  const downs = scaleDowns(timeline, groups).map((down) => downDraft(view, down, stories, groups));
  return [
    ...ups.map((up) => upDraft(view, up, groups)),
    ...downs,
    // A counter alone names no group: its nodes do, or there is nothing to tell.
  ].filter(({ object }) => object !== 'NodeGroup/unknown');
}

/** Group of nodes: told for one of them, or for all of their stem; else what names share. */
function groupOf(
  nodes: readonly string[],
  groups: ReadonlyMap<string, string>,
): { readonly group: string; readonly isGuess: boolean } {
  const own = nodes.map((node) => groups.get(node)).find((group) => group !== undefined);
  if (own !== undefined) return { group: own, isGuess: false };
  const stems = new Set(nodes.map((node) => groupOfNodes([node])));
  const alike = new Set<string>();
  for (const [node, group] of groups) if (stems.has(groupOfNodes([node]))) alike.add(group);
  const [only] = alike;
  if (alike.size === 1) return { group: only!, isGuess: false };
  return { group: groupOfNodes(nodes), isGuess: true };
}

function scaleUps(view: View, timeline: readonly Atom[]): Up[] {
  const ups: Up[] = [];
  for (const atom of timeline) {
    if (atom.k === 'scale-up' || atom.k === 'scale-up-pod') requested(ups, atom);
    if (atom.k === 'scale-up-failed') {
      const up = ups.findLast((u) => u.group === atom.x?.['group'] && u.start <= atom.t);
      if (up) up.failed = atom;
    }
  }
  for (const [atom, gained] of increases(timeline, ['scaled-up-count', 'pool-up-count'])) {
    const group = poolOf(atom);
    const near = ups.find(
      (u) =>
        Math.abs(u.start - atom.t) < 60_000 + 3 * view.cadence &&
        (group === null || u.group === null || u.group === group),
    );
    if (near === undefined) ups.push(upOf(atom, group, null, null, gained));
    else {
      near.evidence.push(evidenceOf(atom, 'during'));
      near.group ??= group;
    }
  }
  return ups.sort((a, b) => a.start - b.start);
}

function requested(ups: Up[], atom: Atom): void {
  const x = atom.x ?? {};
  const group = x['group'] ?? null;
  const from = x['from'] === undefined ? null : Number(x['from']);
  const to = Number(x['to']);
  const last = ups.findLast((u) => u.group === group);
  const same = last && atom.t - last.start < 60_000 && (last.to === to || from === null);
  const goesOn = last && atom.t - last.start < 120_000 && from !== null && last.to === from;
  if (last && (same || goesOn)) {
    last.evidence.push(evidenceOf(atom, 'start'));
    last.from ??= from;
    if (goesOn) last.to = to;
    last.count = Math.max(last.count, last.from === null ? 1 : last.to! - last.from);
  } else ups.push(upOf(atom, group, from, to, from === null ? 1 : to - from));
}

function upOf(
  atom: Atom,
  group: string | null,
  from: number | null,
  to: number | null,
  count: number,
): Up {
  const evidence = [evidenceOf(atom, 'start')];
  return { group, from, to, count, start: atom.t, failed: null, evidence, nodes: [] };
}

/** Counters of Karpenter name their node pool. */
const poolOf = (atom: Atom): string | null =>
  atom.k.startsWith('pool-') ? (atom.sub?.split('/')[0] ?? null) : null;

/** Increases of counters by series; one that appears late starts from 0. */
function increases(timeline: readonly Atom[], signals: readonly string[]): [Atom, number][] {
  const values = new Map<string, number>();
  const found: [Atom, number][] = [];
  for (const atom of timeline) {
    if (!signals.includes(atom.k)) continue;
    const series = `${atom.k}/${atom.sub ?? ''}`;
    const before = values.get(series) ?? (atom.first ? Number(atom.v) : 0);
    const gained = Number(atom.v) < before ? Number(atom.v) : Number(atom.v) - before;
    if (gained > 0) found.push([atom, gained]);
    values.set(series, Number(atom.v));
  }
  return found;
}

/** Nodes that joined after a request belong to it, as many as it asked for. */
function assignJoins(ups: readonly Up[], stories: readonly NodeStory[]): void {
  const joins = stories
    .flatMap((story) => story.joins.map((join) => ({ node: story.name, join })))
    .sort((a, b) => a.join.start - b.join.start);
  const taken = new Set<Span>();
  for (const up of ups) {
    for (const found of joins) {
      if (up.nodes.length >= up.count) break;
      const after = found.join.start - up.start;
      if (taken.has(found.join) || after < -30_000 || after > upWindow) continue;
      taken.add(found.join);
      up.nodes.push(found);
    }
  }
}

function upDraft(view: View, up: Up, groups: ReadonlyMap<string, string>): Draft {
  const ends = up.nodes.map(({ join }) => join.end);
  const all = up.nodes.length >= up.count && ends.every((end) => end !== null);
  const last = Math.max(up.start, ...ends.map((end) => end ?? 0));
  let end = all ? last : null;
  let endBy: string | null = all ? 'node-ready' : null;
  if (end === null && up.failed !== null) {
    end = up.failed.t;
    endBy = up.failed.k;
  } else if (end === null && view.now - last > upWindow) {
    end = last;
    endBy = 'quiet';
  }
  const nodes = up.nodes.map(({ node }) => node);
  const evidence = [...up.evidence];
  for (const { join } of up.nodes) evidence.push(...join.evidence.filter((e) => e.role === 'end'));
  const { group, isGuess } =
    up.group === null ? groupOf(nodes, groups) : { group: up.group, isGuess: false };
  return {
    rule: view.rule('cluster-scale-up'),
    object: `NodeGroup/${group}`,
    slots: sizes(up.from, up.to ?? (up.from === null ? null : up.from + up.count), up.count),
    start: up.start,
    end,
    endBy,
    evidence,
    affinity: { nodes },
    ...(isGuess ? { guessed: true } : {}),
  };
}

function sizes(from: number | null, to: number | null, count: number): Record<string, string> {
  return {
    ...(from === null ? {} : { from: String(from) }),
    ...(to === null ? {} : { to: String(to) }),
    count: String(count),
  };
}

function scaleDowns(timeline: readonly Atom[], groups: ReadonlyMap<string, string>): Down[] {
  const downs: Down[] = [];
  const sessionOf = (atom: Atom, group: string | null): Down => {
    const known = downs.findLast(
      (d) => atom.t - d.last < sessionMs && (d.group === group || group === null || !d.group),
    );
    if (known) return known;
    const down = {
      start: atom.t,
      last: atom.t,
      group,
      marked: new Set<string>(),
      done: new Map<string, number>(),
      counted: 0,
      evidence: [],
    };
    downs.push(down);
    return down;
  };
  const gains = new Map(increases(timeline, ['scaled-down-count', 'pool-down-count']));
  for (const atom of timeline) {
    const node = markedNode(atom);
    const gained = gains.get(atom);
    if (node === null && gained === undefined) continue;
    const group = node === null ? poolOf(atom) : (groups.get(node) ?? null);
    const down = sessionOf(atom, group);
    down.group ??= group;
    down.last = Math.max(down.last, atom.t);
    down.evidence.push(evidenceOf(atom, 'start'));
    if (node !== null) down.marked.add(node);
    if (node !== null && atom.k === 'scale-down-done') down.done.set(node, atom.t);
    down.counted += gained ?? 0;
  }
  return downs;
}

function markedNode(atom: Atom): string | null {
  if (atom.k === 'scale-down-node') return atom.x?.['name'] ?? null;
  if (atom.k === 'scale-down-list' || atom.k === 'scale-down-done') return atom.x?.['node'] ?? null;
  return atom.k === 'to-be-deleted:on' ? (atom.sub ?? null) : null;
}

function downDraft(
  view: View,
  down: Down,
  stories: readonly NodeStory[],
  groups: ReadonlyMap<string, string>,
): Draft {
  const left = stories
    .flatMap((story) => story.removals.map((removal) => ({ node: story.name, removal })))
    .filter(({ node, removal }) => {
      if (removal.start < down.start - 10_000) return false;
      if (down.marked.has(node)) return true;
      // The counter says how many left; a mark may have been too short to be seen.
      const likely = removal.start < down.last + 60_000 && looksAlike(down, groups, node);
      return likely && down.counted > down.marked.size;
    });
  const nodes = [...new Set([...down.marked, ...left.map(({ node }) => node)])];
  const count = Math.max(nodes.length, down.counted);
  const ends = new Map(down.done);
  for (const { node, removal } of left) ends.set(node, removal.start);
  // More may follow at once: it is over when nothing did for a while.
  const latest = Math.max(down.last, ...ends.values());
  const done = ends.size >= count && view.now - latest >= 45_000;
  const last = Math.max(down.last, ...left.map(({ removal }) => removal.start));
  const over = done || view.now - last > upWindow;
  const { group, isGuess } =
    down.group === null ? groupOf(nodes, groups) : { group: down.group, isGuess: false };
  return {
    rule: view.rule('cluster-scale-down'),
    object: `NodeGroup/${group}`,
    slots: { count: String(count) },
    start: down.start,
    end: over ? (done ? Math.max(...ends.values()) : last) : null,
    endBy: over ? (done ? 'node-removing' : 'quiet') : null,
    evidence: [...down.evidence, ...left.flatMap(({ removal }) => removal.evidence)],
    affinity: { nodes },
    ...(isGuess ? { guessed: true } : {}),
  };
}

/** Whether a node that left without a mark looks like those that were marked. */
function looksAlike(down: Down, groups: ReadonlyMap<string, string>, node: string): boolean {
  const marked = [...down.marked];
  if (marked.length === 0) return true;
  const group = groups.get(node);
  if (group !== undefined && group === down.group) return true;
  return groupOfNodes([...marked, node]) === groupOfNodes(marked) || marked.length === 1;
}
