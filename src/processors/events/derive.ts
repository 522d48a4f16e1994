import type { Timeline } from './atoms.ts';
import type { Catalogue } from './catalogue.ts';
import type { Draft, View } from './draft.ts';
import { deploymentOfSet } from './names.ts';
import { openTrackers, type Rule } from './rule.ts';
import type { ClusterRow } from './state.ts';
import { autoscaling } from './trackers/autoscaler.ts';
import { bootstrap, components, leaders, silences } from './trackers/control-plane.ts';
import { failedJobs, memoryKills, quotas, unschedulable } from './trackers/failures.ts';
import { changes, IntervalTracker, instants, storms } from './trackers/generic.ts';
import { nodeStories } from './trackers/node-story.ts';
import { nodeFacts } from './trackers/nodes.ts';
import { openshiftUpgrades, upgradeWindows } from './trackers/openshift.ts';
import { operatorUpdates } from './trackers/operators.ts';
import { rescales } from './trackers/rescales.ts';
import { rollouts } from './trackers/rollouts.ts';
import { versionUpgrades } from './trackers/versions.ts';

/** Scopes by kind, namespace, deployment and signal, each index made when first asked for. */
class ScopeIndex {
  readonly #entries: [string, Timeline][];
  readonly #kinds = new Map<string, [string, Timeline][]>();
  readonly #namespaces = new Map<string, Map<string, [string, Timeline][]>>();
  #sets: Map<string, [string, Timeline][]> | null = null;
  #signals: Map<string, [string, Timeline][]> | null = null;

  constructor(scopes: Readonly<Record<string, Timeline>>) {
    this.#entries = Object.entries(scopes);
    for (const entry of this.#entries) {
      const slash = entry[0].indexOf('/');
      push(this.#kinds, slash < 0 ? entry[0] : entry[0].slice(0, slash), entry);
    }
  }

  under(prefix: string): readonly [string, Timeline][] {
    const [kind, namespace] = prefix.split('/') as [string, string | undefined];
    const all = this.#kinds.get(kind) ?? [];
    if (namespace === undefined) return all;
    let index = this.#namespaces.get(kind);
    if (index === undefined) {
      index = new Map();
      for (const entry of all) push(index, entry[0].split('/')[1] ?? '', entry);
      this.#namespaces.set(kind, index);
    }
    return index.get(namespace) ?? [];
  }

  setsOf(namespace: string, deployment: string): readonly [string, Timeline][] {
    if (this.#sets === null) {
      this.#sets = new Map();
      for (const entry of this.#kinds.get('Workload') ?? []) {
        const [, of, set] = entry[0].split('/');
        push(this.#sets, `${of}/${deploymentOfSet(set!)}`, entry);
      }
    }
    return this.#sets.get(`${namespace}/${deployment}`) ?? [];
  }

  /** Scopes with evidence of one of the signals, in order of appearance. */
  with(signals: readonly string[]): readonly [string, Timeline][] {
    this.#signals ??= this.#bySignal();
    if (signals.length === 1) return this.#signals.get(signals[0]!) ?? [];
    return [...new Set(signals.flatMap((signal) => this.#signals!.get(signal) ?? []))];
  }

  #bySignal(): Map<string, [string, Timeline][]> {
    const index = new Map<string, [string, Timeline][]>();
    for (const entry of this.#entries) {
      for (const k of new Set(entry[1].map((atom) => atom.k))) push(index, k, entry);
    }
    return index;
  }
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

export function viewOf(row: ClusterRow, catalogue: Catalogue, now: number): View {
  const rules = new Map(catalogue.rules.map((rule) => [rule.id, rule]));
  const index = new ScopeIndex(row.scopes);
  return {
    now,
    since: row.since,
    metricsSince: row.metricsSince,
    lastSample: row.lastSample,
    cadence: row.cadence,
    silences: row.silences,
    groups: row.groups,
    timeline: (scope) => row.scopes[scope] ?? [],
    scopes: (prefix) => index.under(prefix),
    setsOf: (namespace, deployment) => index.setsOf(namespace, deployment),
    scopesWith: (signals) => index.with(signals),
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
  const nodes = nodeFacts(view, stories, upgradeWindows(view));
  const born = bootstrap(view, stories);
  const plane = components(view);
  const drafts = [
    ...born,
    ...nodes.drafts,
    ...openshiftUpgrades(view, nodes.upgrades),
    ...versionUpgrades(view, stories, nodes.upgrades),
    ...operatorUpdates(view),
    ...leaders(view, born),
    ...plane,
    ...autoscaling(view, stories),
    ...rescales(view),
    ...rollouts(view, plane),
    ...failedJobs(view),
    ...quotas(view),
    ...memoryKills(view),
    ...unschedulable(view),
    ...silences(view, options.silenceMs, options.lastEvent),
  ];
  return drafts.concat(catalogue.rules.flatMap((rule) => generic(view, rule)));
}

/** Rules without a tracker of their own, over the scopes that hold their signals. */
function generic(view: View, rule: Rule): Draft[] {
  if (!openTrackers.has(rule.track)) return [];
  return view.scopesWith(rule.start).flatMap(([scope, timeline]) => {
    if (rule.track === 'instant') return instants(rule, scope, timeline);
    if (rule.track === 'change') return changes(rule, scope, timeline);
    if (rule.track === 'storm') return storms(rule, scope, timeline, view.now);
    return new IntervalTracker(rule, scope, view.now).run(timeline);
  });
}
