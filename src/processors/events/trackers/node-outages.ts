import type { Atom, Timeline } from '../atoms.ts';
import { type Evidence, evidenceOf, seenSpan, type View } from '../draft.ts';
import type { Outage, Span } from './node-types.ts';

interface OpenOutage {
  start: number;
  lost: boolean;
  said: boolean;
  shutdown: boolean;
  rebooted: boolean;
  started: boolean;
  down: Atom | null;
  readonly evidence: Evidence[];
}

const inAny = (spans: readonly Span[], time: number): boolean =>
  spans.some((span) => time >= span.start - 1_000 && time <= (span.end ?? time));

/** Times in which the node was not ready, or gave no answer for long, or rebooted. */
export function outagesOf(
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
    if (open !== null && atom.k === 'kubelet-starting') (open as OpenOutage).started = true;
    const role = outageRole(atom, open);
    if (role === 'end') {
      if (open !== null && !(atom.k === 'kubelet-down:off' && goesOn(view, timeline, atom.t))) {
        (open as OpenOutage).evidence.push(evidenceOf(atom, 'end'));
        finish(atom.t, atom.k);
      }
    } else if (open === null && role === 'reboot' && isJustOver(view, found.at(-1), atom)) {
      found.push(rebootedIn(found.pop()!, atom));
    } else if (role !== null && (role === 'reboot' || !inAny(joins, atom.t))) {
      open ??= {
        start: atom.t,
        lost: false,
        said: false,
        shutdown: false,
        rebooted: false,
        started: false,
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

/** What is told so soon after an outage that it tells of that one. */
const afterwards = (view: View): number => Math.max(30_000, 2 * view.cadence);

/** A node is often ready in the very second in which it says that it has booted. */
const isJustOver = (view: View, outage: Outage | undefined, { t }: Atom): boolean =>
  outage?.end != null && t - outage.end <= afterwards(view);

const rebootedIn = (outage: Outage, atom: Atom): Outage => ({
  ...outage,
  kind: 'rebooted',
  evidence: [...outage.evidence, evidenceOf(atom, 'during')],
});

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
  const until = (end ?? view.now) + afterwards(view);
  const boot = boots.find((atom) => atom.t > open.start - 5_000 && atom.t <= until);
  const evidence = boot ? [...open.evidence, evidenceOf(boot, 'during')] : open.evidence;
  const span = { start: open.start, end, endBy, evidence };
  // Who shuts down in order mostly comes back: and then it has booted.
  const leaves = open.shutdown && end === null && view.now - open.start < rebootMs;
  const back = open.shutdown && open.started;
  if (open.rebooted || boot || leaves || back) return { ...span, kind: 'rebooted' };
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
