import {
  type Block,
  defineProcessor,
  type Handlers,
  type Note,
  type ProcessorContext,
} from '../../engine/processor.ts';
import {
  decodeKubernetesEvent,
  type KubernetesEvent,
} from '../../formats/kubernetes-events/event.ts';
import type { LogRecord } from '../../log/log.ts';
import { addAtom, dropAtom, pruneTimeline, signalOf } from './atoms.ts';
import { buildCatalogue, type Catalogue, faultsOf } from './catalogue.ts';
import { compose } from './compose.ts';
import { derive, viewOf } from './derive.ts';
import type { Draft } from './draft.ts';
import { type EventData, type Interval, stateOf } from './interval.ts';
import { EventMatcher, type Placed } from './match.ts';
import { MetricProbes } from './metrics.ts';
import { type EventsSettings, eventsSettingsSchema } from './settings.ts';
import { type ClusterRow, newCluster, type UnknownReason } from './state.ts';
import { closeAll, tellAll } from './tell.ts';
import { baselineMs } from './trackers/node-story.ts';
import { Unclassified, unknownKey } from './unclassified.ts';

/** How long evidence counts that is of use only beside other. */
const briefMs = 15 * 60_000;

/** Never a value of a sample here: "no sample yet" and "ended". */
const none = Number.NaN;

/**
 * Key cluster events: what clusters did, as intervals with evidence, from Kubernetes events and
 * from metrics. All evidence is kept as timelines; at the end of a tick every cluster with new
 * evidence is derived anew and the difference to what was told goes out as revisions.
 */
export const events = defineProcessor<EventsSettings>({
  name: 'events',
  version: 1,
  outputs: ['events'],
  settings: eventsSettingsSchema as never,
  check: ({ rules }) => faultsOf(rules).map((f) => ({ ...f, path: ['rules', ...f.path] })),
  create: (context) => new EventsProcessor(context),
});

class EventsProcessor implements Handlers {
  readonly #context: ProcessorContext<EventsSettings>;
  readonly #clusters;
  readonly #unclassified;
  readonly #series;
  #catalogue!: Catalogue;
  #matcher!: EventMatcher;
  #probes!: MetricProbes;
  #podInfo = 0;

  constructor(context: ProcessorContext<EventsSettings>) {
    this.#context = context;
    this.#clusters = context.table<ClusterRow>('clusters', ({ cluster }) => String(cluster));
    const unknown = context.table<UnknownReason>('unknown-reasons', unknownKey);
    this.#unclassified = new Unclassified(context, unknown);
    this.#series = context.columns('series', {
      probe: 'u16',
      value: { type: 'f64', initial: none },
    });
    this.#compile();
  }

  #compile(): void {
    this.#catalogue = buildCatalogue(this.#context.settings.rules);
    this.#matcher = new EventMatcher(this.#catalogue);
    this.#probes = new MetricProbes(this.#catalogue);
    this.#podInfo = this.#probes.numberOf('kube_pod_info');
  }

  settings(): void {
    this.#compile();
    const { series } = this.#context;
    for (let slot = 0; slot < series.count; slot++) {
      if (series.isLive(slot)) this.born(slot);
    }
  }

  born(slot: number): void {
    this.#series.arrays.probe[slot] = this.#probes.numberOf(
      this.#context.series.label(slot, '__name__'),
    );
  }

  samples(block: Block): void {
    const { slots, times, values, stale, length } = block;
    if (length === 0) return;
    this.#learnCadence(this.#row(block.cluster), slots[0]!);
    const { probe, value } = this.#series.arrays;
    let row: ClusterRow | undefined;
    let newest = 0;
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!;
      if (times[i]! > newest) newest = times[i]!;
      if (probe[slot] === 0) continue;
      const after = stale[i] === 1 ? none : values[i]!;
      const before = value[slot]!;
      if (after === before || (Number.isNaN(after) && Number.isNaN(before))) continue;
      value[slot] = after;
      row ??= this.#row(block.cluster);
      this.#changed(row, slot, before, after, times[i]!);
    }
    this.#heard(row ?? this.#row(block.cluster), newest);
  }

  ended(slot: number): void {
    const { value, probe } = this.#series.arrays;
    const before = value[slot]!;
    if (probe[slot] === 0 || Number.isNaN(before)) return;
    value[slot] = none;
    const { series } = this.#context;
    const row = this.#row(series.cluster(slot));
    this.#changed(row, slot, before, none, series.lastTime(slot));
  }

  #changed(row: ClusterRow, slot: number, before: number, after: number, time: number): void {
    const { series } = this.#context;
    if (row.metricsSince === 0) row.metricsSince = time;
    const baseline = Number.isNaN(before) && time - row.metricsSince < this.#baseline(row);
    const number = this.#series.arrays.probe[slot]!;
    if (number === this.#podInfo && Number.isNaN(before)) {
      const pod = `${series.label(slot, 'namespace')}/${series.label(slot, 'pod')}`;
      this.#placePod(row, pod, series.label(slot, 'node'));
    }
    const change = {
      labels: series.labels(slot),
      before,
      after,
      time,
      baseline,
      interval: Math.round(series.interval(slot)),
    };
    const placed = this.#probes.atoms(number, change, (pod) => row.pods[pod] ?? '');
    for (const one of placed) this.#add(row, one);
  }

  /** In the first samples of a cluster everything appears: that tells nothing. */
  #baseline(row: ClusterRow): number {
    return row.cadence === 0 ? baselineMs : Math.min(baselineMs, 0.9 * row.cadence);
  }

  /** Usual time between two samples of a series of the cluster. */
  #learnCadence(row: ClusterRow, slot: number): void {
    const interval = Math.round(this.#context.series.interval(slot));
    if (interval < 1000) return;
    const step = Math.min(interval, 4 * row.cadence) - row.cadence;
    row.cadence = row.cadence === 0 ? interval : Math.round(row.cadence + step / 16);
  }

  /** The clock of a cluster's metrics, and the times when it stood still. */
  #heard(row: ClusterRow, time: number): void {
    if (row.metricsSince === 0) row.metricsSince = time;
    row.lastSampleLog = this.#context.logTime;
    if (row.lastSample === 0) row.lastSample = time;
    const step = time - row.lastSample;
    if (step < 500) return;
    const open = row.silences.at(-1);
    if (open !== undefined && open[1] >= row.lastSample && open[0] === row.lastSample) {
      row.silences.pop();
    }
    if (row.cadence > 0 && step > Math.max(20_000, 4 * row.cadence)) {
      row.silences.push([row.lastSample, time]);
      if (row.silences.length > 64) row.silences.shift();
      row.dirty = true;
    }
    row.lastSample = time;
  }

  record(kind: string, cluster: number, record: LogRecord): void {
    if (kind !== 'kubernetes-event' || record.value === null) return;
    const event = decodeKubernetesEvent(record.value);
    if (event.end > this.#context.logTime + 10 * 60_000) {
      this.#context.count('kubernetes_event_in_future');
      return;
    }
    if (event.end < this.#context.logTime - this.#context.settings.keep) {
      this.#context.count('kubernetes_event_too_late');
      return;
    }
    // What the API forgets after its time to live has not happened once more.
    if (event.verb === 'DELETED') return;
    const row = this.#row(cluster);
    row.lastEventLog = this.#context.logTime;
    this.#learnPod(row, event);
    const nodeOf = (pod: string): string => row.pods[pod] ?? '';
    const placed = this.#matcher.match(event, nodeOf);
    for (const one of placed) this.#add(row, one);
    if (event.start < row.since || row.since === 0) {
      if (event.start > this.#context.logTime - this.#context.settings.keep)
        row.since = event.start;
    }
    if (placed.length === 0 && !this.#matcher.isRoutine(event)) {
      this.#unclassified.take(cluster, event);
    }
  }

  #learnPod(row: ClusterRow, event: KubernetesEvent): void {
    if (event.kind !== 'Pod') return;
    const assigned = /^Successfully assigned \S+ to (\S+)/.exec(event.message)?.[1];
    const node = event.reason === 'Scheduled' ? assigned : event.host;
    if (node) this.#placePod(row, `${event.namespace}/${event.object}`, node);
  }

  #placePod(row: ClusterRow, pod: string, node: string): void {
    if (node === '' || row.pods[pod] === node) return;
    if (row.pods[pod] !== undefined) {
      row.pods[pod] = node;
      return;
    }
    row.pods[pod] = node;
    row.podCount++;
    const most = this.#context.settings.pods_per_cluster;
    // Trimmed by a tenth at a time, so that the list of names is not made for every pod.
    if (row.podCount <= most * 1.1) return;
    const names = Object.keys(row.pods);
    row.podCount = most;
    for (const name of names.slice(0, names.length - most)) delete row.pods[name];
    this.#context.count('pods_forgotten', names.length - most);
  }

  #row(cluster: number): ClusterRow {
    const key = String(cluster);
    return this.#clusters.get(key) ?? this.#clusters.set(key, newCluster(cluster));
  }

  #add(row: ClusterRow, { scope, atom }: Placed): void {
    const { settings, logTime } = this.#context;
    // First occurrences of what repeats for long are of no use any more.
    if (atom.t < logTime - settings.keep) return;
    // A scope of a user's rule may be any word of a sender, such as `constructor`.
    let timeline = Object.hasOwn(row.scopes, scope) ? row.scopes[scope] : undefined;
    if (timeline === undefined) {
      if (row.scopeCount >= settings.scopes_per_cluster) {
        this.#context.count('scopes_over_limit');
        return;
      }
      timeline = [];
      row.scopes[scope] = timeline;
      row.scopeCount++;
    }
    if (!addAtom(timeline, atom)) return;
    if (row.since === 0 || atom.t < row.since) row.since = atom.t;
    if (timeline.length > settings.atoms_per_scope) {
      dropAtom(timeline, this.#catalogue.brief);
      this.#context.count('evidence_over_limit');
    }
    row.dirty = true;
  }

  tick(tick: number): void {
    const { logTime } = this.#context;
    for (const row of this.#clusters.values()) {
      this.#watchSilence(row);
      // Large clusters always have something new: they are looked at less often.
      if (tick % (1 + Math.floor(row.scopeCount / 5_000)) !== 0) continue;
      if (row.dirty || logTime >= row.due) this.#derive(row);
    }
  }

  /** While nothing comes, log time goes on: the last silence grows. */
  #watchSilence(row: ClusterRow): void {
    const { logTime, settings } = this.#context;
    if (row.lastSampleLog === 0 || logTime - row.lastSampleLog < settings.silence) return;
    if (logTime - row.lastSampleLog < 3 * row.cadence) return;
    const now = row.lastSample + (logTime - row.lastSampleLog);
    const open = row.silences.at(-1);
    if (open !== undefined && open[0] === row.lastSample) open[1] = now;
    else row.silences.push([row.lastSample, now]);
    row.dirty = true;
  }

  #derive(row: ClusterRow): void {
    const { logTime, settings, clusters } = this.#context;
    const horizon = this.#prune(row);
    const view = viewOf(row, this.#catalogue, logTime);
    const drafts = derive(view, this.#catalogue, {
      silenceMs: settings.silence,
      lastEvent: row.lastEventLog,
    });
    this.#learnGroups(row, drafts);
    tellAll(
      {
        row,
        tenant: clusters.tenant(row.cluster),
        cluster: clusters.name(row.cluster),
        now: logTime,
        // Of what began just after the horizon some evidence may be before it.
        horizon: horizon + Math.min(3_600_000, settings.keep / 6),
        settledMs: settings.keep / 2,
        tell: (interval, revision) => this.#tell(row, interval, revision),
      },
      compose(view, drafts),
    );
    row.dirty = false;
    const lasting = Object.values(row.shown).some((s) => s.interval.end === null);
    row.due = logTime + (lasting ? 15_000 : 60_000);
  }

  #tell({ cluster }: ClusterRow, interval: Interval, revision: number): void {
    const { clusters } = this.#context;
    const data: EventData = {
      state: stateOf(interval),
      tenant: clusters.tenant(cluster),
      cluster_title: clusters.title(cluster),
      ...interval,
    };
    const type = 'seastate.event';
    this.#context.emit({ topic: 'events', type, cluster, subject: interval.id, revision, data });
  }

  notes(): Note[] {
    return this.#unclassified.notes();
  }

  switchedOff(): void {
    for (const row of this.#clusters.values()) {
      const tell = (interval: Interval, revision: number): void =>
        this.#tell(row, interval, revision);
      closeAll({ row, now: this.#context.logTime, tell });
    }
  }

  /** Which group a node was added to is asked for when it goes, maybe much later. */
  #learnGroups(row: ClusterRow, drafts: readonly Draft[]): void {
    for (const { rule, object, guessed, affinity } of drafts) {
      if (rule.id !== 'cluster-scale-up' || guessed) continue;
      const group = object.slice('NodeGroup/'.length);
      for (const node of affinity.nodes ?? []) row.groups[node] ??= group;
    }
    const nodes = Object.keys(row.groups);
    for (const node of nodes.slice(0, Math.max(0, nodes.length - 5_000))) delete row.groups[node];
  }

  /** Forgets evidence that is too old, and intervals long closed. Returns the horizon. */
  #prune(row: ClusterRow): number {
    const { logTime, settings } = this.#context;
    let horizon = logTime - settings.keep;
    for (const { interval } of Object.values(row.shown)) {
      if (interval.end !== null || interval.change === 'withdraw') continue;
      horizon = Math.min(horizon, interval.start - 3_600_000);
    }
    horizon = Math.max(horizon, logTime - 7 * 24 * 3_600_000);
    if (logTime - row.pruned < 60_000) return horizon;
    row.pruned = logTime;
    const { brief } = this.#catalogue;
    const told = new Set(Object.values(row.shown).map(({ interval }) => interval.object));
    for (const [scope, timeline] of Object.entries(row.scopes)) {
      if ((timeline[0]?.t ?? horizon) < horizon) pruneTimeline(timeline, horizon);
      const isPast = timeline.every(
        (a) => a.t < horizon && (a.k === 'known' || a.k.endsWith(':gone')),
      );
      const isIdle =
        !told.has(scope) &&
        timeline.every((a) => a.t < logTime - briefMs && brief.has(signalOf(a.k)));
      if ((!isPast || scope.startsWith('Node/')) && !isIdle) continue;
      delete row.scopes[scope];
      row.scopeCount--;
    }
    for (const [id, shown] of Object.entries(row.shown)) {
      const { end, change, start } = shown.interval;
      const last = change === 'withdraw' ? start : end;
      if (last !== null && last < horizon - 3_600_000) delete row.shown[id];
    }
    return horizon;
  }
}
