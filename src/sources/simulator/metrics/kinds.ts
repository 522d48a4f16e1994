import type { Labels } from '../labels.ts';
import { lognormalShare, logOf } from './lognormal.ts';
import type { NativeMetric, NumberMetric, Observations, StateMetric } from './metric.ts';

/** Constructors of metrics, one per kind. `rows` gives the label sets; without it there is one. */

export type Rows<E> = (entity: E) => readonly Labels[];
/** Value or rate of row `row`. */
export type RowValue<E> = (entity: E, row: number) => number;

const oneRow: readonly Labels[] = [{}];
const always = (): readonly Labels[] => oneRow;

function numbers<E>(
  type: 'counter' | 'gauge',
  family: string,
  rows: Rows<E>,
  write: NumberMetric<E>['write'],
): NumberMetric<E> {
  const series = (row: Labels) => [[family, row]] as const;
  return { kind: 'numbers', family, type, help: helpOf(family), full: false, rows, series, write };
}

/** A value that goes up and down. */
export function gauge<E>(
  family: string,
  value: RowValue<E>,
  rows: Rows<E> = always,
): NumberMetric<E> {
  return numbers('gauge', family, rows, (values, slot, count, entity) => {
    for (let row = 0; row < count; row++) values[slot + row] = value(entity, row);
    return slot + count;
  });
}

/** A counter of seconds or bytes: grows by `rate` per second. */
export function counter<E>(
  family: string,
  rate: RowValue<E>,
  rows: Rows<E> = always,
): NumberMetric<E> {
  return numbers('counter', family, rows, (values, slot, count, entity, scrape) => {
    for (let row = 0; row < count; row++) {
      values[slot + row] = values[slot + row]! + Math.max(0, rate(entity, row)) * scrape.seconds;
    }
    return slot + count;
  });
}

/** A counter of whole things: grows by about `rate` per second. */
export function count<E>(
  family: string,
  rate: RowValue<E>,
  rows: Rows<E> = always,
): NumberMetric<E> {
  return numbers('counter', family, rows, (values, slot, rowCount, entity, scrape) => {
    for (let row = 0; row < rowCount; row++) {
      const grown = Math.max(0, rate(entity, row)) * scrape.seconds + scrape.random.next();
      values[slot + row] = values[slot + row]! + Math.floor(grown);
    }
    return slot + rowCount;
  });
}

/** A counter whose value the model keeps, such as restarts. */
export function total<E>(
  family: string,
  value: RowValue<E>,
  rows: Rows<E> = always,
): NumberMetric<E> {
  const metric = gauge(family, value, rows);
  return { ...metric, type: 'counter' };
}

export interface HistogramInput<E> {
  readonly bounds: readonly number[];
  readonly observe: (entity: E, row: number) => Observations;
  readonly rows?: Rows<E>;
  /** Some scrapes bring an exemplar. */
  readonly exemplars?: boolean;
}

/** A classic histogram of about lognormal observations: buckets, sum, count. */
export function histogram<E>(
  family: string,
  { bounds, observe, rows = always, exemplars = false }: HistogramInput<E>,
): NumberMetric<E> {
  const logs = bounds.map(logOf);
  const edges = [...bounds.map(boundText), '+Inf'];
  const series = (row: Labels) => [
    ...edges.map((le) => [`${family}_bucket`, { ...row, le }] as const),
    [`${family}_sum`, row] as const,
    [`${family}_count`, row] as const,
  ];
  const write: NumberMetric<E>['write'] = (values, slot, rowCount, entity, scrape) => {
    const { random, seconds } = scrape;
    let at = slot;
    for (let row = 0; row < rowCount; row++) {
      const { rate, median, spread } = observe(entity, row);
      const observed = Math.max(0, rate) * seconds;
      const logMedian = Math.log(median);
      // One draw for all buckets keeps them cumulative and whole.
      const round = random.next();
      for (let i = 0; i < logs.length; i++) {
        const share = lognormalShare(logs[i]!, logMedian, spread);
        values[at] = values[at]! + Math.floor(observed * share + round);
        at++;
      }
      const grown = Math.floor(observed + round);
      values[at] = values[at]! + grown;
      const mean = median * Math.exp((spread * spread) / 2) * (0.95 + 0.1 * random.next());
      values[at + 1] = values[at + 1]! + grown * mean;
      values[at + 2] = values[at + 2]! + grown;
      if (exemplars && grown > 0 && random.chance(0.25)) {
        const value = median * Math.exp(spread * random.gauss());
        scrape.exemplar(at - bucketsAbove(bounds, value), value);
      }
      at += 3;
    }
    return at;
  };
  return {
    kind: 'numbers',
    family,
    type: 'histogram',
    help: helpOf(family),
    full: false,
    rows,
    series,
    write,
  };
}

/** How many buckets lie above the one that an observation falls into. */
function bucketsAbove(bounds: readonly number[], value: number): number {
  let above = 0;
  while (above < bounds.length && bounds[bounds.length - 1 - above]! >= value) above++;
  return above;
}

/** Bounds as Go's client prints them: `1`, `0.005`, `1.5e+06`. */
function boundText(bound: number): string {
  if (bound < 1e21 && bound >= 1e6 && Number.isInteger(bound)) {
    const [mantissa, exponent] = bound.toExponential().split('e+');
    return `${mantissa}e+${exponent!.padStart(2, '0')}`;
  }
  return String(bound);
}

/** A native histogram: exponential buckets of `schema`, or custom bounds. */
export function nativeHistogram<E>(
  family: string,
  observe: (entity: E, row: number) => Observations,
  options: { rows?: Rows<E>; schema?: number; customBounds?: readonly number[] } = {},
): NativeMetric<E> {
  const { rows = always, customBounds = [] } = options;
  const schema = customBounds.length > 0 ? -53 : (options.schema ?? 3);
  return {
    kind: 'native',
    family,
    type: 'histogram',
    help: helpOf(family),
    full: false,
    rows,
    schema,
    customBounds,
    observe,
  };
}

/** A gauge whose label sets come and go; its value is 1 unless said otherwise. */
export function states<E>(
  family: string,
  rows: Rows<E>,
  value: (entity: E, row: Labels) => number = () => 1,
): StateMetric<E> {
  return { kind: 'states', family, type: 'gauge', help: helpOf(family), full: false, rows, value };
}

/** The words of a name; nothing for what Prometheus makes itself by a rule. */
function helpOf(family: string): string {
  return family.includes(':') ? '' : family.replaceAll('_', ' ');
}

/** Leaves metrics out of small clusters. */
export function onlyFull<M extends { readonly full: boolean }>(metrics: readonly M[]): M[] {
  return metrics.map((metric) => ({ ...metric, full: true }));
}

/** The same label with each of some values. */
export function each(name: string, values: readonly string[]): readonly Labels[] {
  return values.map((value) => ({ [name]: value }));
}
