import type { Atom, Timeline } from '../atoms.ts';
import {
  affinityOf,
  type Draft,
  type Evidence,
  evidenceOf,
  seenSpan,
  type View,
} from '../draft.ts';
import type { NodeStory } from './node-types.ts';

const coreLease = /^Lease\/(kube-system|openshift-[a-z-]+)\/(.*)$/;
const coreName = /^(kube-controller-manager|kube-scheduler|cloud-controller-manager)$/;

/** A cluster is born when its first evidence is that of nodes that join, and of no others. */
export function bootstrap(view: View, stories: readonly NodeStory[]): Draft[] {
  const early = stories.filter((story) => firstOf(view, story) < view.since + 60_000);
  const joins = early.flatMap((story) => story.joins.slice(0, 1));
  if (joins.length === 0 || joins.length < early.length) return [];
  const elected = view
    .scopes('Lease')
    .flatMap(([, timeline]) => timeline)
    .filter((a) => a.k === 'leader-elected' && a.t < view.since + 60_000);
  // Where events alone tell, a few nodes that join may be the first that we hear of a cluster.
  if (elected.length === 0 && view.metricsSince === 0 && joins.length < 3) return [];
  const first = Math.min(...joins.map((join) => join.start));
  if (first - view.since > 60_000) return [];
  const start = elected.reduce((least, a) => Math.min(least, a.t), first);
  const ends = joins.map((join) => join.end);
  const end = ends.some((e) => e === null) ? null : Math.max(...ends.map((e) => e!));
  return [
    {
      rule: view.rule('cluster-bootstrap'),
      object: 'Cluster',
      slots: {},
      start,
      end,
      endBy: end === null ? null : 'node-ready',
      evidence: [
        ...elected.map((a) => evidenceOf(a, 'during')),
        ...joins.flatMap((join) => join.evidence),
      ],
      affinity: {},
    },
  ];
}

function firstOf(view: View, story: NodeStory): number {
  return view.timeline(story.scope)[0]?.t ?? Number.POSITIVE_INFINITY;
}

/** New leaders of controller manager and scheduler; those of a cluster's birth are no change. */
export function leaders(view: View, born: readonly Draft[]): Draft[] {
  const rule = view.rule('leader-changed');
  return view.scopes('Lease').flatMap(([scope, timeline]) => {
    const name = coreLease.exec(scope)?.[2] ?? '';
    if (!coreName.test(name)) return [];
    const component = view.timeline(`Component/${name}`);
    return electionsOf(view, timeline)
      .filter(({ time }) => !isBirth(view, born, time))
      .map(({ time, evidence }) => {
        const lost = lossBefore(timeline, component, time);
        return {
          rule,
          object: scope,
          slots: {},
          start: lost?.time ?? time,
          end: time,
          endBy: 'leader-elected',
          evidence: lost === null ? evidence : [lost.evidence, ...evidence],
          affinity: affinityOf(scope),
        };
      });
  });
}

function isBirth(view: View, born: readonly Draft[], time: number): boolean {
  // The very first that we see of a cluster: nothing says that it changed.
  if (time - view.since < 30_000) return true;
  return born.some((draft) => time <= (draft.end ?? view.now) && time >= draft.start - 5_000);
}

/** Elections, the same one by event and by metric folded. */
function electionsOf(view: View, timeline: Timeline): { time: number; evidence: Evidence[] }[] {
  const found: { time: number; evidence: Evidence[] }[] = [];
  // Who leads when a lease's series is first seen may have led for long.
  const baseline = timeline.find((a) => a.k === 'leading:on');
  for (const atom of timeline) {
    if (atom.k !== 'leader-elected' && (atom.k !== 'leading:on' || atom === baseline)) continue;
    const slack = atom.s === 'm' ? Math.max(30_000, 2 * view.cadence) : 1_000;
    const last = found.at(-1);
    if (last && atom.t - last.time <= slack) last.evidence.push(evidenceOf(atom, 'end'));
    else found.push({ time: atom.t, evidence: [evidenceOf(atom, 'end')] });
  }
  return found;
}

/** A lease that nobody takes for longer than this was lost by a crash, not by a change. */
const lossWindow = 60_000;

/** When the lease was lost: said so, or the new process began, or the old one led no more. */
function lossBefore(
  timeline: Timeline,
  component: Timeline,
  time: number,
): { time: number; evidence: Evidence } | null {
  const near = (t: number): boolean => t <= time && time - t < lossWindow;
  const stopped = timeline.findLast((a) => a.k === 'leader-stopped' && near(a.t));
  if (stopped) return { time: stopped.t, evidence: evidenceOf(stopped, 'start') };
  const process = component.findLast(
    (a) => a.k === 'process-start' && !a.first && near(Number(a.v) * 1000),
  );
  if (process) return { time: Number(process.v) * 1000, evidence: evidenceOf(process, 'start') };
  const off = timeline.findLast(
    (a) => (a.k === 'leading:off' || a.k === 'leading:gone') && near(a.t),
  );
  return off ? { time: off.t, evidence: evidenceOf(off, 'start') } : null;
}

/** Leases given up and not taken again for long: nobody does the work. */
function abandoned(view: View): Draft[] {
  const rule = view.rule('component-crashed');
  return view.scopes('Lease').flatMap(([scope, timeline]) => {
    const name = coreLease.exec(scope)?.[2] ?? '';
    if (!coreName.test(name)) return [];
    return timeline
      .filter((a) => a.k === 'leader-stopped')
      .flatMap((stopped) => {
        const next = timeline.find((a) => a.k === 'leader-elected' && a.t > stopped.t);
        if ((next?.t ?? view.now) - stopped.t < lossWindow) return [];
        return [
          {
            rule,
            object: `Component/${name}`,
            slots: {},
            start: stopped.t,
            end: next?.t ?? null,
            endBy: next?.k ?? null,
            evidence: [evidenceOf(stopped, 'start'), ...(next ? [evidenceOf(next, 'end')] : [])],
            affinity: affinityOf(scope),
          },
        ];
      });
  });
}

/** Components that are down for long, API servers that were replaced, etcd elections. */
export function components(view: View): Draft[] {
  const left = abandoned(view);
  const seen = view
    .scopes('Component')
    .flatMap(([scope, timeline]) => crashes(view, scope, timeline));
  const others = left.filter((l) => !seen.some((s) => s.object === l.object && overlap(s, l)));
  const crashed = [...seen, ...others];
  return [...crashed, ...changes(view)];
}

const overlap = (a: Draft, b: Draft): boolean =>
  a.start <= (b.end ?? a.start) + crashMs && b.start <= (a.end ?? b.start) + crashMs;

function changes(view: View): Draft[] {
  return view
    .scopes('Component')
    .flatMap(([scope, timeline]) => [
      ...(scope.endsWith('apiserver') ? restarts(view, scope, timeline) : []),
      ...(scope === 'Component/etcd' ? etcdElections(view, timeline) : []),
    ]);
}

const crashMs = 30_000;

function crashes(view: View, scope: string, timeline: Timeline): Draft[] {
  const rule = view.rule('component-crashed');
  const down = new Map<string, Atom>();
  const found: Draft[] = [];
  const finish = (on: Atom, off: Atom | null): void => {
    const interval = Math.max(Number(on.v) || 0, view.cadence);
    const until = (off?.t ?? Math.min(view.now, view.lastSample)) - interval;
    if (seenSpan(view, on.t, until) < Math.max(crashMs, 3 * interval)) return;
    const evidence = [evidenceOf(on, 'start'), ...(off ? [evidenceOf(off, 'end')] : [])];
    found.push({
      rule,
      object: scope,
      slots: on.sub && on.sub !== '-' ? { instance: on.sub } : {},
      start: on.t,
      end: off?.t ?? null,
      endBy: off?.k ?? null,
      evidence,
      affinity: affinityOf(scope),
    });
  };
  for (const atom of timeline) {
    const sub = atom.sub ?? '';
    const on = down.get(sub);
    if (atom.k === 'component-down:on' && !atom.first && !on) down.set(sub, atom);
    if (atom.k !== 'component-down:off' && atom.k !== 'component-down:gone') continue;
    if (on) finish(on, atom);
    down.delete(sub);
  }
  for (const on of down.values()) finish(on, null);
  return found;
}

/** Process starts that differ from the one before, per instance. */
function restarts(view: View, scope: string, timeline: Timeline): Draft[] {
  const rule = view.rule('apiserver-restarted');
  const started = new Map<string, number>();
  const found: Draft[] = [];
  for (const atom of timeline) {
    if (atom.k !== 'process-start') continue;
    const sub = atom.sub ?? '';
    const before = started.get(sub);
    started.set(sub, Number(atom.v));
    if (before === undefined || Number(atom.v) - before < 1) continue;
    const begun = Number(atom.v) * 1000;
    const state = timeline.findLast(
      (a) => a.k.startsWith('component-down:') && a.sub === sub && a.t < atom.t,
    );
    const down = state?.k === 'component-down:on' && begun - state.t < 300_000 ? state : undefined;
    const evidence = [evidenceOf(atom, 'end')];
    if (down) evidence.unshift(evidenceOf(down, 'start'));
    const start = Math.min(begun, down?.t ?? begun);
    const slots = sub === '' || sub === '-' ? {} : { instance: sub };
    const span = { start, end: atom.t, endBy: atom.k };
    found.push({ rule, object: scope, slots, ...span, evidence, affinity: affinityOf(scope) });
  }
  return found;
}

/** Every member counts an election: within a minute they mean the same one. */
function etcdElections(view: View, timeline: Timeline): Draft[] {
  const rule = view.rule('etcd-leader-changed');
  const counts = new Map<string, number>();
  const found: { time: number; evidence: Evidence[] }[] = [];
  for (const atom of timeline) {
    if (atom.k === 'etcd-leader-told') {
      // Told of the last five minutes: what was counted in them is meant.
      const known = found.findLast((f) => atom.t - f.time <= 5 * 60_000);
      const said = evidenceOf(atom, 'start');
      if (known) known.evidence.push(said);
      else found.push({ time: atom.t, evidence: [said] });
    }
    if (atom.k !== 'etcd-leader-count') continue;
    const sub = atom.sub ?? '';
    const before = counts.get(sub);
    counts.set(sub, Number(atom.v));
    if (before === undefined || Number(atom.v) <= before) continue;
    const last = found.at(-1);
    if (last && atom.t - last.time < 60_000) last.evidence.push(evidenceOf(atom, 'start'));
    else found.push({ time: atom.t, evidence: [evidenceOf(atom, 'start')] });
  }
  return found.map(({ time, evidence }) => ({
    rule,
    object: 'Component/etcd',
    slots: {},
    start: time,
    end: time,
    endBy: evidence[0]!.signal,
    evidence,
    affinity: {},
  }));
}

/** Times without metrics: the cluster is silent, or only the way of its metrics is cut. */
export function silences(view: View, reportMs: number, lastEvent: number): Draft[] {
  return view.silences
    .filter(([from, to]) => to - from >= reportMs)
    .map(([from, to]) => {
      const over = to < view.now;
      const heard = lastEvent > from + reportMs / 2;
      const rule = view.rule(heard ? 'metrics-gap' : 'cluster-silent');
      return {
        rule,
        object: heard ? 'Collector/metrics' : 'Cluster',
        slots: {},
        start: from,
        end: over ? to : null,
        endBy: over ? 'samples' : null,
        evidence: [],
        affinity: {},
      };
    });
}
