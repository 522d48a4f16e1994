import type { ZodType } from 'zod';
import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { LogRecord } from '../log/log.ts';
import type { Columns, ColumnsSpec } from './columns.ts';
import type { Moved } from './moved.ts';
import type { Row, RowKey, Table } from './tables.ts';

/**
 * The contract between the engine and the analytics (DESIGN 4). A processor is plain synchronous
 * code: (state, next record or tick) -> (state, outputs). It sees the log and nothing else: no
 * clock, no randomness, no I/O. All its state stands in columns and tables of its context.
 */

export type Label = readonly [name: string, value: string];

/** The tracked series of a partition, by slot. */
export interface SeriesView {
  /** Slots ever given out: every slot is below it. */
  readonly count: number;
  /** Sorted by name, with `__name__`, without replica labels. */
  labels(slot: number): readonly Label[];
  /** Value of one label, '' when absent. */
  label(slot: number, name: string): string;
  /** Index of the series' cluster. */
  cluster(slot: number): number;
  /** ms between samples as seen so far; 0 until known. */
  interval(slot: number): number;
  /** ms of the newest accepted sample. */
  lastTime(slot: number): number;
  isLive(slot: number): boolean;
  /** ms, the clock of the series' sender: its newest accepted sample. */
  clock(slot: number): number;
  /**
   * ms for which nothing has come of a series, by its sender's clock: from its newest sample, or
   * from where its sender came back after a pause; 0 while that is behind with what it has to send.
   * As of the newest tick.
   */
  silence(slot: number): number;
  /**
   * Metric type as in the protocols' metadata: 0 unknown, 1 counter, 2 gauge, 3 histogram, 4 gauge
   * histogram, 5 summary, 6 info, 7 stateset; from the series' own metadata or its family's.
   */
  type(slot: number): number;
}

/** Clusters that the partition has seen, by index. */
export interface ClusterView {
  tenant(index: number): string;
  /** Its identity: an id where senders give one. */
  name(index: number): string;
  /** What people call it: the first `cluster` label seen, else its name. */
  title(index: number): string;
}

/**
 * Accepted samples of one record, in order, as columns: sample i is
 * (slots[i], times[i], values[i]). Valid only during the call.
 */
export interface Block {
  readonly cluster: number;
  readonly length: number;
  readonly slots: Int32Array;
  /** ms */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** 1 where the sample is a stale marker (its value is NaN): the series ended at that time. */
  readonly stale: Uint8Array;
  /** Native histograms of the record, undecoded: formats/remote-write reads them. */
  readonly histograms: HistogramColumns;
}

export interface HistogramColumns {
  readonly length: number;
  readonly slots: Int32Array;
  readonly times: Float64Array;
  readonly stale: Uint8Array;
  /** Histogram i is the protobuf message bytes[starts[i], ends[i]) (same in both protocols). */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** A set of series chosen by matchers; kept by the engine as series are born. */
export interface Selection {
  has(slot: number): boolean;
  /** It is asked no more, as after a change of settings: the engine forgets it. */
  release(): void;
}

export interface SelectOptions {
  /** It is no mistake when no series matches, as of alerts that do not fire. */
  readonly mayBeEmpty?: boolean;
  /** It is none either when it names one of these. */
  readonly derived?: DerivedSeries;
  /** It is a mistake when it takes every series that matches: nothing is left for this one. */
  readonly isTaken?: (slot: number) => boolean;
}

/** What a processor makes of series and selectors may name, such as quantiles of a histogram. */
export interface DerivedSeries {
  /** So many of each series at most; `which` is below. */
  readonly perSeries: number;
  isThere(slot: number, which: number): boolean;
  /** The same for as long as the slot is of one series; asked only of what is there. */
  labels(slot: number, which: number): readonly Label[];
}

/** One output: the engine numbers it and places it. */
export type Output = EventOutput | SamplesOutput;

/** Wrapped as a CloudEvent, placed by tenant. */
export interface EventOutput {
  readonly topic: string;
  /** CloudEvents `type`, such as `seastate.alert`. */
  readonly type: string;
  readonly cluster: number;
  /** Identity of the interval: a pure function of what it is about. */
  readonly subject: string;
  /** From 0; `id` of the CloudEvent is `subject/revision`. */
  readonly revision: number;
  /** Keys in the order of the schema. */
  readonly data: object;
}

/** Samples: like a record of `telemetry` of kind `samples`, placed by tenant and cluster. */
export interface SamplesOutput {
  readonly topic: string;
  readonly cluster: number;
  /** A remote write 2.0 request, compressed with snappy: bytes that nobody changes any more. */
  readonly samples: Uint8Array;
}

/** State of another shape. Equal states write equal bytes; `slots` as in `series.count`. */
export interface Kept {
  save(out: ByteWriter, slots: number): void;
  load(input: ByteReader): void;
  /**
   * Takes over what belongs to the clusters and slots that moved here from another partition
   * (rekey); the settings are the same. Throws `rekey_refused` for what cannot be divided.
   */
  absorb(from: this, moved: Moved): void;
}

/**
 * Its functions may be taken out of it; `settings` and `logTime` are of the moment at which they
 * are read.
 */
export interface ProcessorContext<Settings = unknown> {
  readonly series: SeriesView;
  readonly clusters: ClusterView;
  /** The processor's part of the settings in force. */
  readonly settings: Settings;
  /** Log time in ms: the greatest record timestamp so far. */
  readonly logTime: number;
  /** Columns indexed by series slot. Declared in `create`, once per name. */
  columns<S extends ColumnsSpec>(name: string, spec: S): Columns<S>;
  /**
   * A table of plain records. Declared in `create`, once per name. When clusters come into another
   * partition (rekey) the engine gives rows their new `cluster` and `slot` and asks for their keys.
   */
  table<R extends Row>(name: string, keyOf: RowKey<R>): Table<R>;
  /** State of another shape, such as a scorer's. Declared in `create`, once per name. */
  keep<K extends Kept>(name: string, kept: K): K;
  /**
   * Series that match a selector such as `{__name__="ALERTS"}`. One that no series matches is told
   * in `status` records.
   */
  select(selector: string, options?: SelectOptions): Selection;
  emit(output: Output): void;
  /** Adds to a counter of the `status` topic; `reason` in snake_case. */
  count(reason: string, by?: number): void;
}

export interface Handlers {
  samples?(block: Block): void;
  /** A series got a slot, before its first sample is delivered. */
  born?(slot: number): void;
  /** The series ended without stale marker, by its sender's clock; `time` (ms): its last sample. */
  ended?(slot: number, time: number): void;
  /** The slot is about to be given back: nothing may point to it afterwards. */
  forgotten?(slot: number): void;
  /**
   * Records of other kinds: metadata, kubernetes-event, feedback, profile. One that cannot be read
   * is refused by throwing a SeastateError before anything is changed: it goes to `rejected`.
   */
  record?(kind: string, cluster: number, record: LogRecord): void;
  /** Keeps from now on what it finds of these series, for `explain`; no output may depend on it. */
  watch?(chosen: Pick<Selection, 'has'>): void;
  /** What it knows of a series, as plain data for people; changes nothing. */
  explain?(slot: number): object;
  /** A tick of log time (5 s) is over; all records of it were delivered. */
  tick?(tick: number): void;
  /** New settings are in force (`context.settings`); also before a state is loaded. */
  settings?(): void;
  /** What people should look at, the most important first: told in `status` records. */
  notes?(): readonly Note[];
  /**
   * The settings switched the processor off; its state is forgotten afterwards. What it told as
   * open must be told as ended: nobody else will.
   */
  switchedOff?(): void;
}

/** One thing for people to look at, such as a reason that no rule knows. */
export interface Note {
  readonly cluster: number;
  readonly what: string;
  readonly count: number;
  /** Log time (ms) of the last time. */
  readonly seen: number;
}

export interface SettingsFault {
  /** From the processor's section. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface ProcessorDefinition<Settings = unknown> {
  /** kebab-case; also the key of its settings. */
  readonly name: string;
  /** Version of its state: raise it when columns or tables change their meaning. */
  readonly version: number;
  /** Topics it may write. */
  readonly outputs: readonly string[];
  /** Its settings, all with defaults. */
  readonly settings?: ZodType<Settings>;
  /**
   * What is wrong with settings that can be read, such as names of what is not there: they are not
   * taken. Not asked of settings in a loaded state, which other code has taken.
   */
  check?(settings: Settings): readonly SettingsFault[];
  create(context: ProcessorContext<Settings>): Handlers;
  /**
   * Mends the state after it was loaded from version `from` (columns are matched by name before).
   */
  upgrade?(from: number, context: ProcessorContext<Settings>): void;
}

export function defineProcessor<Settings = unknown>(
  definition: ProcessorDefinition<Settings>,
): ProcessorDefinition<Settings> {
  return definition;
}
