import type { MetricType } from '../../../formats/remote-write/columns.ts';
import type { Labels } from '../labels.ts';
import type { Entity, EntityKind, EntityOf } from '../model/entities.ts';
import type { Random } from '../random.ts';
import type { JobName } from './jobs.ts';

/** What a metric may ask while it is scraped. */
export interface Scrape {
  nowMs: number;
  /** Seconds since these series were last scraped. */
  seconds: number;
  readonly random: Random;
  /** Attaches an exemplar to the series at `slot`. */
  exemplar(slot: number, value: number): void;
}

interface MetricBase<E> {
  /** Name of the family: without `_bucket`, `_sum`, `_count`. */
  readonly family: string;
  readonly type: MetricType;
  readonly help: string;
  /** Left out of small clusters. */
  readonly full: boolean;
  /** Label sets, beside those of the exporter and the target. */
  rows(entity: E): readonly Labels[];
}

/** Series of one number each. */
export interface NumberMetric<E> extends MetricBase<E> {
  readonly kind: 'numbers';
  /** Names and labels of one row's series, in order. */
  series(row: Labels): readonly (readonly [name: string, labels: Labels])[];
  /** Writes the values of `rowCount` rows from `slot` on; returns the slot behind them. */
  write(values: Float64Array, slot: number, rowCount: number, entity: E, scrape: Scrape): number;
}

/** Series of native histograms. */
export interface NativeMetric<E> extends MetricBase<E> {
  readonly kind: 'native';
  readonly schema: number;
  /** Bounds of a histogram with custom buckets (schema -53); senders of protocol 1 drop those. */
  readonly customBounds: readonly number[];
  /** Observations per second, their median and how far they spread (sigma of ln). */
  observe(entity: E, row: number): Observations;
}

export interface Observations {
  readonly rate: number;
  readonly median: number;
  readonly spread: number;
}

/**
 * A gauge whose label sets come and go with the state of the entity. Read anew whenever the model
 * says that the entity changed, so one that depends on slow facts only.
 */
export interface StateMetric<E> extends MetricBase<E> {
  readonly kind: 'states';
  value(entity: E, row: Labels): number;
}

export type Metric<E> = NumberMetric<E> | NativeMetric<E> | StateMetric<E>;

/** The series that one job's targets have about one kind of entity. */
export interface Exporter<E = Entity> {
  readonly job: JobName;
  readonly of: EntityKind;
  readonly metrics: readonly Metric<E>[];
  /** Labels on every series. */
  labels(entity: E): Labels;
  /** The entity whose target it is: one target per job and host. */
  host(entity: E): Entity;
  /** Whether there are such series now. */
  when(entity: E): boolean;
  /** Appears in every label set: when it changes, all series end and new ones begin. */
  stamp(entity: E): string;
  /** When the counters began; when it changes, they begin at 0 again. ms */
  startedMs(entity: E): number;
}

export interface ExporterInput<E> {
  readonly job: JobName;
  readonly metrics: readonly Metric<E>[];
  readonly labels?: (entity: E) => Labels;
  readonly host?: (entity: E) => Entity;
  readonly when?: (entity: E) => boolean;
  readonly stamp?: (entity: E) => string;
  readonly startedMs: (entity: E) => number;
}

/** Declares an exporter. It forgets the entity's type, so that all fit into one list. */
export function exporter<K extends EntityKind>(of: K, input: ExporterInput<EntityOf<K>>): Exporter {
  const full: Exporter<EntityOf<K>> = {
    of,
    labels: () => ({}),
    host: (entity) => entity,
    when: () => true,
    stamp: () => '',
    ...input,
  };
  return full as unknown as Exporter;
}
