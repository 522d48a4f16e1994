import type { Atom, Timeline } from '../atoms.ts';
import { type Evidence, evidenceOf } from '../draft.ts';
import type { Cordon, Span } from './node-types.ts';

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
export function cordonsOf(timeline: Timeline, removals: readonly Span[]): Cordon[] {
  const found: Cordon[] = [];
  let open: OpenCordon | null = null;
  let targeted: number | null = null;
  let killed: Atom[] = [];
  let started: Atom | null = null;
  const finish = (end: number | null, endBy: string | null, removed: boolean): void => {
    if (open !== null) found.push({ ...open, end, endBy, removed });
    open = null;
  };
  for (const atom of timeline) {
    if (atom.k === 'node-targeted') targeted = atom.t;
    if (atom.k === 'kubelet-starting') started = atom;
    if (podLeaves(atom)) killed = [...killed.filter((a) => atom.t - a.t < 3_000), atom];
    if (cordonOpens.has(atom.k) && !atom.first) {
      const recent = targeted !== null && atom.t - targeted < 30 * 60_000 ? targeted : null;
      const pods = killed.filter((a) => atom.t - a.t < 3_000);
      const again = repeats(atom, started) ? started : null;
      open ??= {
        start: again?.t ?? atom.t,
        daemon: false,
        targeted: recent,
        kubeletStart: again?.t ?? null,
        pods,
        evidence: again === null ? [] : [evidenceOf(again, 'during')],
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

/** A kubelet that starts on a cordoned node says so anew: the cordon is older than its start. */
const repeats = (atom: Atom, started: Atom | null): boolean =>
  atom.k === 'node-unschedulable' && started !== null && atom.t - started.t < 5_000;

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
