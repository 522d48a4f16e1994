import { collectDefaultMetrics, type Metric, openMetricsContentType, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string | number>>;

/** Tells one value of a metric. */
export type Tell = (value: number, labels?: Labels) => void;

/** One metric: what it is, and how its values are read when somebody asks. */
export interface Family<Sources> {
  /** `seastate_<part>_<noun>_<unit>[_total]`, base units. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Calls `tell` for each of its series. */
  readonly read: (sources: Sources, tell: Tell) => void;
}

export const counter = <S>(name: string, help: string, read: Family<S>['read']): Family<S> => ({
  name: `seastate_${name}_total`,
  type: 'counter',
  help,
  read,
});
export const gauge = <S>(name: string, help: string, read: Family<S>['read']): Family<S> => ({
  name: `seastate_${name}`,
  type: 'gauge',
  help,
  read,
});

/** A histogram kept as plain numbers: `buckets[i]` counts the values in bucket i alone. */
export interface PlainHistogram {
  readonly buckets: ArrayLike<number>;
  readonly sum: number;
  readonly count: number;
}

export interface HistogramFamily<Sources> {
  readonly name: string;
  readonly help: string;
  /** Upper bounds of the buckets; one more bucket is above all. */
  readonly bounds: readonly number[];
  readonly read: (sources: Sources) => PlainHistogram;
}

interface Value {
  readonly metricName?: string;
  readonly value: number;
  readonly labels: Labels;
}

/**
 * Shows plain numbers as metrics: nothing is done until somebody asks. prom-client does the text
 * and the metrics of the process itself.
 */
export class MetricPages {
  readonly #text = new Registry();
  readonly #open = new Registry();

  constructor() {
    this.#open.setContentType(openMetricsContentType as never);
    for (const registry of [this.#text, this.#open]) {
      collectDefaultMetrics({ register: registry });
    }
  }

  add<Sources>(sources: Sources, family: Family<Sources>): void {
    this.#register(family, () => {
      const values: Value[] = [];
      family.read(sources, (value, labels = {}) => values.push({ value, labels }));
      return values;
    });
  }

  addHistogram<Sources>(sources: Sources, family: HistogramFamily<Sources>): void {
    this.#register({ ...family, type: 'histogram' }, () => {
      const { buckets, sum, count } = family.read(sources);
      let below = 0;
      const values: Value[] = family.bounds.map((bound, i) => {
        below += buckets[i]!;
        return { metricName: `${family.name}_bucket`, value: below, labels: { le: bound } };
      });
      values.push(
        { metricName: `${family.name}_bucket`, value: count, labels: { le: '+Inf' } },
        { metricName: `${family.name}_sum`, value: sum, labels: {} },
        { metricName: `${family.name}_count`, value: count, labels: {} },
      );
      return values;
    });
  }

  #register(
    { name, help, type }: { name: string; help: string; type: string },
    values: () => Value[],
  ): void {
    // OpenMetrics puts `_total` behind the name of a counter itself.
    const bare = type === 'counter' ? name.replace(/_total$/, '') : name;
    this.#text.registerMetric(metricOf(name, help, type, values));
    this.#open.registerMetric(metricOf(bare, help, type, values));
  }

  /** As the Accept header asks: OpenMetrics, or the older text. */
  async render(accept: string): Promise<{ contentType: string; body: string }> {
    const registry = accept.includes('application/openmetrics-text') ? this.#open : this.#text;
    return { contentType: registry.contentType, body: await registry.metrics() };
  }
}

/** prom-client asks a metric for its values by `get`. */
function metricOf(name: string, help: string, type: string, values: () => Value[]): Metric {
  const aggregator = 'sum';
  const get = async (): Promise<object> => ({ name, help, type, aggregator, values: values() });
  return { name, help, type, aggregator, get, reset: () => {} } as unknown as Metric;
}
