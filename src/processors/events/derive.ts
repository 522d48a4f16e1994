import type { Catalogue } from './catalogue.ts';
import type { Draft, View } from './draft.ts';
import type { Rule } from './rule.ts';
import type { ClusterRow } from './state.ts';
import { autoscaling } from './trackers/autoscaler.ts';
import { bootstrap, components, leaders, silences } from './trackers/control-plane.ts';
import { failedJobs, memoryKills, quotas, unschedulable } from './trackers/failures.ts';
import { IntervalTracker, instants, storms } from './trackers/generic.ts';
import { nodeStories } from './trackers/node-story.ts';
import { nodeFacts } from './trackers/nodes.ts';
import { openshiftUpgrades } from './trackers/openshift.ts';
import { operatorUpdates } from './trackers/operators.ts';
import { versionUpgrades } from './trackers/versions.ts';
import { rescales, rollouts } from './trackers/workloads.ts';

export function viewOf(row: ClusterRow, catalogue: Catalogue, now: number): View {
  const rules = new Map(catalogue.rules.map((rule) => [rule.id, rule]));
  const entries = Object.entries(row.scopes);
  const byKind = new Map<string, [string, ClusterRow['scopes'][string]][]>();
  for (const entry of entries) {
    const kind = entry[0].split('/')[0]!;
    const list = byKind.get(kind);
    if (list) list.push(entry);
    else byKind.set(kind, [entry]);
  }
  return {
    now,
    since: row.since,
    metricsSince: row.metricsSince,
    lastSample: row.lastSample,
    cadence: row.cadence,
    silences: row.silences,
    timeline: (scope) => row.scopes[scope] ?? [],
    scopes: (prefix) => {
      if (prefix === '') return entries;
      const list = byKind.get(prefix.split('/')[0]!) ?? [];
      return prefix.includes('/') ? list.filter(([s]) => s.startsWith(`${prefix}/`)) : list;
    },
    rule: (id) => rules.get(id)!,
  };
}

export interface DeriveOptions {
  /** Gaps in metrics that are told, in ms. */
  readonly silenceMs: number;
  readonly lastEvent: number;
}

/** All intervals of a cluster, from all its evidence: a pure function. */
export function derive(view: View, catalogue: Catalogue, options: DeriveOptions): Draft[] {
  const stories = nodeStories(view);
  const nodes = nodeFacts(view, stories);
  const born = bootstrap(view, stories);
  const drafts = [
    ...born,
    ...nodes.drafts,
    ...openshiftUpgrades(view, nodes.upgrades),
    ...versionUpgrades(view, stories, nodes.upgrades),
    ...operatorUpdates(view),
    ...leaders(view, born),
    ...components(view),
    ...autoscaling(view, stories),
    ...rescales(view),
    ...rollouts(view),
    ...failedJobs(view),
    ...quotas(view),
    ...memoryKills(view),
    ...unschedulable(view),
    ...silences(view, options.silenceMs, options.lastEvent),
  ];
  for (const rule of catalogue.rules) drafts.push(...generic(view, rule));
  return drafts;
}

/** Rules without a tracker of their own, over the scopes that hold their signals. */
function generic(view: View, rule: Rule): Draft[] {
  if (!['interval', 'instant', 'storm'].includes(rule.track)) return [];
  const own = new Set(rule.start);
  return view.scopes('').flatMap(([scope, timeline]) => {
    if (!timeline.some((atom) => own.has(atom.k))) return [];
    if (rule.track === 'instant') return instants(rule, scope, timeline);
    if (rule.track === 'storm') return storms(rule, scope, timeline, view.now);
    return new IntervalTracker(rule, scope, view.now).run(timeline);
  });
}
