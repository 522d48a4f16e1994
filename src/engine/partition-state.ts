import { createHash } from 'node:crypto';
import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { messageOf, SeastateError } from '../core/errors.ts';
import type { Matcher } from '../core/matchers.ts';
import { hashVersion } from '../core/placement.ts';
import { tickOf } from '../core/time.ts';
import { metricTypes } from '../formats/remote-write/columns.ts';
import { recordLimits } from '../formats/remote-write/limits.ts';
import { decodeBody } from '../formats/snappy/body-encoding.ts';
import type { LogRecord } from '../log/log.ts';
import { rejectedDataOf, rejectedType } from '../log/rejected.ts';
import type {
  HeartbeatValue,
  MetadataValue,
  SettingsContent,
  SettingsValue,
} from '../log/telemetry.ts';
import { rejectedTopic, telemetryTopic } from '../log/topics.ts';
import { Clusters } from './clusters.ts';
import { Host, processorMissing } from './context.ts';
import { Counters } from './counters.ts';
import { explainSeries, type SeriesExplanation } from './explain.ts';
import { Families } from './families.ts';
import { isHeartbeat, isMetadata, isSettings, jsonOf } from './json-record.ts';
import { Outbox } from './outbox.ts';
import type { Output, ProcessorDefinition } from './processor.ts';
import { absorbProgress, noProgress, type Progress } from './progress.ts';
import { SeriesTracker } from './series/tracker.ts';
import { seriesViewOf } from './series/view.ts';
import { checkSettings, engineSettings, fits, parseSettings, sectionOf } from './settings.ts';
import type { StageDefinition, StageOutput, StageSetup, StageState } from './stage.ts';
import { statusData } from './status.ts';
import type { Unmet } from './unmatched.ts';

/** Bytes of one record, decoded; the gateway's own limit is below it. */
const decodedBytesMax = 256 * 1024 * 1024;
/** Bytes of a record's value that a `rejected` output carries. */
const rejectedBytesMax = 64 * 1024;

/** Kinds that only processors read, and kinds that only mark a place in the log. */
const processorKinds: ReadonlySet<string> = new Set(['kubernetes-event', 'feedback', 'profile']);
const markKinds: ReadonlySet<string> = new Set(['checkpoint', 'release']);

/** A partition of `telemetry`: its series, its senders, and the processors of its stage. */
export class PartitionState implements StageState {
  readonly #setup: StageSetup;
  readonly #clusters = new Clusters();
  readonly #counters = new Counters();
  readonly #families = new Families();
  readonly #tracker: SeriesTracker;
  readonly #outbox: Outbox;
  readonly #stage: StageDefinition;
  /** Processors that are not switched off, in the order of the stage. */
  #hosts: readonly Host[];
  #engine = engineSettings.parse({});
  #progress = noProgress();
  /**
   * Names of processors that run on defaults: a loaded state has settings that they do not read.
   */
  #defaulted: readonly string[] = [];

  constructor(stage: StageDefinition, setup: StageSetup) {
    this.#setup = setup;
    this.#outbox = new Outbox(setup, this.#clusters);
    this.#tracker = new SeriesTracker(this.#engine, {
      born: (slot) => {
        this.#titleOf(slot);
        for (const host of this.#hosts) host.born(slot, this.#tracker.count);
      },
      ended: (slot, time) => {
        for (const host of this.#hosts) host.handlers.ended?.(slot, time);
      },
      forgotten: (slot) => {
        for (const host of this.#hosts) host.handlers.forgotten?.(slot);
      },
      count: (cluster, reason, by) => this.#counters.add(cluster, reason, by),
    });
    this.#stage = stage;
    this.#hosts = stage.processors.map((definition) => this.#host(definition, {}));
  }

  #titleOf(slot: number): void {
    const cluster = this.#tracker.cluster(slot);
    if (this.#clusters.hasTitle(cluster)) return;
    const title = this.#tracker.label(slot, 'cluster');
    if (title !== '') this.#clusters.setTitle(cluster, title);
  }

  #host(definition: ProcessorDefinition, content: SettingsContent): Host {
    const state = this;
    return new Host(definition, sectionOf(definition, content), {
      series: seriesViewOf(this.#tracker, this.#families),
      clusters: {
        tenant: (index) => this.#clusters.tenant(index),
        name: (index) => this.#clusters.name(index),
        title: (index) => this.#clusters.title(index),
      },
      get logTime() {
        return state.logTime;
      },
      emit: (output) => this.#emit(output),
      count: (reason, by) => this.#counters.add(-1, reason, by),
    });
  }

  /**
   * Processors keep what they find of series that match one of these from now on, for `explain`.
   */
  watch(selectors: readonly string[]): void {
    for (const host of this.#hosts) {
      const chosen = selectors.map((each) => host.select(each, { mayBeEmpty: true }));
      host.handlers.watch?.({ has: (slot) => chosen.some((each) => each.has(slot)) });
    }
  }

  /** What is known of the series that match; changes nothing. */
  explain(matchers: readonly Matcher[]): Iterable<SeriesExplanation> {
    const view = seriesViewOf(this.#tracker, this.#families);
    return explainSeries(matchers, view, this.#clusters, this.#hosts);
  }

  /** What is asked for and no series matches. */
  unmatched(): Unmet {
    const unmatched = this.#hosts.flatMap((host) => host.unmatched());
    return { series: this.#tracker.liveCount, settings_version: this.settings.version, unmatched };
  }

  /** The settings in force. */
  get settings(): SettingsValue {
    return this.#progress.settings;
  }

  get logTime(): number {
    return this.#progress.logTime;
  }

  apply(record: LogRecord, outputs: StageOutput[]): void {
    this.#outbox.into(outputs);
    this.#advance(record.timestamp);
    const kind = record.headers['kind'] ?? '';
    if (kind === 'samples') this.#samples(record);
    else if (kind === 'metadata') this.#metadata(record);
    else if (kind === 'settings') this.#settings(record);
    else if (kind === 'heartbeat') this.#heartbeat(record);
    else if (processorKinds.has(kind)) this.#other(kind, record);
    else if (kind === 'skip') this.#counters.add(-1, 'skipped_records', 1);
    else if (!markKinds.has(kind)) this.#counters.add(-1, 'unknown_kind', 1);
  }

  /** Moves log time; whenever it enters a new tick, the old one is over. */
  #advance(timestamp: number): void {
    const progress = this.#progress;
    if (timestamp <= progress.logTime) return;
    const tick = tickOf(timestamp);
    if (progress.logTime > 0 && tick > progress.tick) this.#endTick(tick - 1);
    progress.logTime = timestamp;
    progress.tick = tick;
  }

  /** Ends the current tick; the log was silent in any further ones up to `done`. */
  #endTick(done: number): void {
    const progress = this.#progress;
    this.#tracker.endOfTick(progress.logTime);
    for (const host of this.#hosts) host.handlers.tick?.(progress.tick);
    if (done >= progress.statusTick + this.#engine.status_ticks) {
      progress.statusTick = done;
      this.#status();
    }
    // Also of processors that are off: who merges the topic would wait for its tick.
    const topics = new Set(this.#stage.processors.flatMap(({ outputs }) => outputs));
    this.#outbox.markTick(topics, done);
  }

  /** What `read` makes of a record; one that cannot be used goes to `rejected`. */
  #read<T>(record: LogRecord, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SeastateError) || error.code === 'invariant') throw error;
      this.#reject(record, error);
      return undefined;
    }
  }

  /** Index of the record's cluster; -1 when there are too many, and then it is not read. */
  #cluster(record: LogRecord): number {
    const { tenant, cluster } = record.headers;
    const max = this.#engine.clusters_max;
    const index = this.#clusters.indexOf(tenant ?? 'default', cluster ?? '', max);
    if (index < 0) this.#counters.add(-1, 'clusters_over_limit', 1);
    return index;
  }

  #samples(record: LogRecord): void {
    const cluster = this.#cluster(record);
    if (cluster < 0) return;
    const block = this.#read(record, () => {
      const value = record.value ?? new Uint8Array(0);
      const encoding = record.headers['encoding'] ?? '';
      const scratch = this.#tracker.scratchOf(cluster);
      const request = decodeBody(encoding, value, decodedBytesMax, scratch);
      return this.#tracker.apply(cluster, request, recordLimits, this.#progress.logTime);
    });
    if (block) for (const host of this.#hosts) host.handlers.samples?.(block);
  }

  #metadata(record: LogRecord): void {
    const cluster = this.#cluster(record);
    if (cluster < 0) return;
    const value = this.#read(record, () => jsonOf<MetadataValue>(record, isMetadata));
    for (const { family, type } of value?.families ?? []) {
      const max = this.#engine.metadata_families_max;
      if (!this.#families.set(cluster, family, Math.max(0, metricTypes.indexOf(type)), max)) {
        this.#counters.add(cluster, 'metadata_over_limit', 1);
      }
    }
  }

  #settings(record: LogRecord): void {
    const before = this.#hosts;
    const next = this.#read(record, () => {
      const value = jsonOf<SettingsValue>(record, isSettings);
      const { version, sha256 } = this.#progress.settings;
      if (value.version === version && value.sha256 !== sha256) {
        throw new SeastateError(
          'settings_conflict',
          `settings version ${version} is in force with other content: raise the version`,
        );
      }
      if (value.version > version) {
        checkSettings(this.#stage.processors, value.content);
        this.#configure(value);
      }
      return value;
    });
    if (next !== this.#progress.settings) {
      this.#counters.add(-1, 'settings_not_taken', 1);
      return;
    }
    for (const host of before) if (!this.#hosts.includes(host)) host.handlers.switchedOff?.();
    for (const host of this.#hosts) host.handlers.settings?.();
  }

  /**
   * Everything is parsed before anything is changed. A processor that is switched off forgets its
   * state; switched on, it begins anew.
   */
  #configure(next: SettingsValue, isLoaded = false): void {
    const { content } = next;
    const engine = parseSettings('engine', () => engineSettings.parse(content));
    const hosts = this.#stage.processors
      .filter(({ name }) => !engine.disabled.includes(name))
      .map((definition) => {
        const section = parseSettings(definition.name, () =>
          sectionOf(definition, content, isLoaded),
        );
        const host = this.#hosts.find((known) => known.definition === definition);
        return { host: host ?? this.#host(definition, content), section };
      });
    this.#engine = engine;
    this.#tracker.configure(engine);
    this.#hosts = hosts.map(({ host, section }) => {
      host.settings = section;
      host.reserve(this.#tracker.count);
      return host;
    });
    this.#progress.settings = next;
    this.#defaulted = this.#hosts
      .filter(({ definition }) => !fits(definition, content))
      .map(({ definition }) => definition.name);
  }

  #heartbeat(record: LogRecord): void {
    const beat = this.#read(record, () => jsonOf<HeartbeatValue>(record, isHeartbeat));
    if (!beat) return;
    const { partitions, hashVersion: rule } = beat;
    if (partitions === this.#setup.partitions && rule === hashVersion) return;
    throw new SeastateError(
      'partitions_changed',
      `the log has ${partitions} partitions placed by rule ${rule}, this state was made for ` +
        `${this.#setup.partitions} and rule ${hashVersion}: move it with seastate rekey`,
    );
  }

  #other(kind: string, record: LogRecord): void {
    const cluster = this.#cluster(record);
    if (cluster < 0) return;
    this.#counters.add(cluster, `${kind.replace('-', '_')}_records`, 1);
    for (const { handlers } of this.#hosts)
      this.#read(record, () => handlers.record?.(kind, cluster, record));
  }

  #reject(record: LogRecord, error: SeastateError): void {
    this.#counters.add(-1, 'rejected_records', 1);
    const value = record.value ?? new Uint8Array(0);
    const index = record.headers['tenant'] === undefined ? -1 : this.#cluster(record);
    const { stage, partition } = this.#setup;
    const why = { source: `stage/${stage}`, reason: error.code, error: messageOf(error) };
    const place = { topic: telemetryTopic, partition, format: telemetryTopic };
    this.#emit({
      topic: rejectedTopic,
      type: rejectedType,
      cluster: index,
      subject: `rejected/${createHash('sha256').update(value).digest('hex').slice(0, 32)}`,
      revision: this.#progress.rejected++,
      data: rejectedDataOf({ ...why, ...place }, record, rejectedBytesMax),
    });
  }

  #status(): void {
    const { partition } = this.#setup;
    const parts = statusData(
      this.#setup,
      this.#progress,
      this.#clusters,
      this.#counters,
      this.#tracker,
      this.#hosts,
      this.#defaulted,
    );
    for (const [part, data] of parts.entries()) {
      const subject = `status/${this.#setup.stage}/${partition}${part === 0 ? '' : `/${part}`}`;
      const output = { topic: 'status', type: 'seastate.status', cluster: -1, subject };
      this.#emit({ ...output, revision: this.#progress.tick, data });
    }
  }

  #emit(output: Output): void {
    this.#outbox.emit(output, this.#progress.tick, this.#progress.logTime);
  }

  /**
   * Takes over the clusters of another partition's state that go here, with all that is known of
   * them (rekey); `own`: and what belongs to that partition as a whole. Both stand at the heads of
   * their logs.
   */
  absorb(
    from: PartitionState,
    goesHere: (tenant: string, cluster: string) => boolean,
    own: boolean,
  ): void {
    this.#absorbProgress(from.#progress);
    const clusters = this.#clusters.absorb(from.#clusters, goesHere);
    const slots = this.#tracker.absorb(from.#tracker, clusters);
    const moved = { clusters, slots, own };
    this.#counters.absorb(from.#counters, moved);
    this.#families.absorb(from.#families, moved);
    for (const host of this.#hosts) {
      const theirs = from.#hosts.find(({ definition }) => definition.name === host.definition.name);
      if (theirs) host.absorb(theirs, moved, this.#tracker.count);
    }
  }

  #absorbProgress(from: Progress): void {
    if (this.#progress.logTime === 0) {
      this.#configure(from.settings);
      for (const host of this.#hosts) host.handlers.settings?.();
    }
    absorbProgress(this.#progress, from);
  }

  save(out: ByteWriter): void {
    out.text(JSON.stringify({ ...this.#progress, ticked: this.#tracker.ticked }));
    this.#clusters.save(out);
    this.#counters.save(out);
    this.#families.save(out);
    this.#outbox.save(out);
    this.#tracker.save(out);
    out.u16(this.#hosts.length);
    for (const host of this.#hosts) host.save(out, this.#tracker.count);
  }

  load(input: ByteReader): void {
    // Early versions did not keep it.
    const { ticked = 0, ...progress } = JSON.parse(input.text());
    this.#progress = progress;
    this.#clusters.load(input);
    this.#counters.load(input);
    this.#families.load(input);
    this.#outbox.load(input);
    this.#configure(this.#progress.settings, true);
    for (const host of this.#hosts) host.handlers.settings?.();
    this.#tracker.load(input);
    this.#tracker.ticked = ticked;
    for (let left = input.u16(); left > 0; left--) {
      const name = input.text();
      const host = this.#hosts.find(({ definition }) => definition.name === name);
      if (!host) throw processorMissing(name);
      host.load(input, this.#tracker.count);
    }
    // A processor that is new here starts empty, with room for the series that are there.
    for (const host of this.#hosts) host.reserve(this.#tracker.count);
  }
}
