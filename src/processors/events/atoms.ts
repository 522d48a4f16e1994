/**
 * Evidence, as small plain records. A scope (one node, one deployment ...) has a timeline of
 * atoms in order of time; all intervals are derived from timelines, so that order of arrival,
 * repeats and late events do not matter.
 */
export interface Atom {
  /** ms: when it happened, as well as the source tells. */
  t: number;
  /** Signal, with `:on`, `:off`, `:gone` behind it for metrics. */
  k: string;
  /** 'e' of a Kubernetes event, 'm' of a metric. */
  s: 'e' | 'm';
  /** Value of a metric signal: number, or the text of its `value` template. */
  v?: number | string;
  /** Which series or object of the scope. */
  sub?: string;
  /** Occurrences that the event counts (a lower bound). */
  c?: number;
  /** Tells event objects of the same text apart: occurrences of different ones add up. */
  e?: string;
  /** Seen at the very beginning of the cluster's metrics: since when is not known. */
  first?: true;
  /** Slots of the evidence. */
  x?: Record<string, string>;
}

export type Timeline = Atom[];

/**
 * Adds an atom in its place. The same evidence of the same second is one: its time gets finer,
 * its count may only grow. Returns whether anything changed.
 */
export function addAtom(timeline: Timeline, atom: Atom): boolean {
  const second = Math.floor(atom.t / 1000);
  let at = timeline.length;
  while (at > 0 && isAfter(timeline[at - 1]!, atom)) at--;
  let from = at;
  while (from < timeline.length && Math.floor(timeline[from]!.t / 1000) === second) from++;
  for (let i = from - 1; i >= 0; i--) {
    const old = timeline[i]!;
    if (Math.floor(old.t / 1000) < second) break;
    if (!isSame(old, atom)) continue;
    const count = Math.max(old.c ?? 1, atom.c ?? 1);
    if (atom.t <= old.t && count === (old.c ?? 1)) return false;
    timeline.splice(i, 1);
    const t = Math.max(old.t, atom.t);
    return addAtom(timeline, count === 1 ? { ...old, t } : { ...old, t, c: count });
  }
  timeline.splice(at, 0, atom);
  return true;
}

/** One order for all arrivals: by time, then by name. */
function isAfter(a: Atom, b: Atom): boolean {
  if (a.t !== b.t) return a.t > b.t;
  if (a.k !== b.k) return a.k > b.k;
  return (a.sub ?? a.e ?? '') > (b.sub ?? b.e ?? '');
}

function isSame(a: Atom, b: Atom): boolean {
  if (a.k !== b.k || a.s !== b.s || a.sub !== b.sub) return false;
  return a.s === 'e' ? a.e === b.e && slotsEqual(a.x, b.x) : a.v === b.v;
}

function slotsEqual(a: Atom['x'], b: Atom['x']): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The signal of an atom, without its state. */
export const signalOf = (k: string): string => {
  const colon = k.indexOf(':');
  return colon < 0 ? k : k.slice(0, colon);
};

/** Drops one atom: the oldest brief one, else the second (the first tells since when). */
export function dropAtom(timeline: Timeline, brief: ReadonlySet<string>): void {
  const at = timeline.findIndex((atom) => brief.has(signalOf(atom.k)));
  timeline.splice(at < 0 ? 1 : at, 1);
}

/**
 * Drops atoms before `horizon`, but keeps what they say about the present: the newest of each
 * metric signal, and one `known` for all. Returns how many went.
 */
export function pruneTimeline(timeline: Timeline, horizon: number): number {
  const cut = timeline.findIndex((atom) => atom.t >= horizon);
  const old = cut < 0 ? timeline.length : cut;
  if (old === 0) return 0;
  const newest = new Map<string, Atom>();
  for (const atom of timeline.slice(0, old)) {
    if (atom.s === 'm') newest.set(`${signalOf(atom.k)}\0${atom.sub ?? ''}`, atom);
  }
  const first = timeline[0]!;
  const keep: Atom[] = [{ t: first.t, k: 'known', s: first.s }, ...newest.values()];
  keep.sort((a, b) => a.t - b.t);
  if (keep.length >= old) return 0;
  timeline.splice(0, old, ...keep);
  return old - keep.length;
}
