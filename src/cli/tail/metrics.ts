import { type Matcher, matchLabels } from '../../core/matchers.ts';
import { recordLimits } from '../../formats/remote-write/limits.ts';
import { type SampleColumns, SeriesReader } from '../../formats/remote-write/series-reader.ts';
import { isStale } from '../../formats/remote-write/stale.ts';
import { decodeBody } from '../../formats/snappy/body-encoding.ts';
import { Scratch } from '../../formats/snappy/snappy.ts';
import type { LogRecord } from '../../log/log.ts';
import type { Row } from '../output/rows.ts';

const decodedBytesMax = 256 * 2 ** 20;
/** Series whose labels are remembered; beyond, all are learnt again. */
const knownSeriesMax = 500_000;

interface Known {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Rows of the samples of `telemetry` records whose series match; one per sample. */
export function metricRows(
  matchers: readonly Matcher[],
): (partition: number, record: LogRecord) => Iterable<Row> {
  const reader = new SeriesReader();
  const scratch = new Scratch();
  let known: (Known | null)[] = [];

  const learn = (series: number): Known | null => {
    const { __name__: metric = '', ...labels } = Object.fromEntries(reader.labels(series));
    const get = (name: string): string | undefined => (name === '__name__' ? metric : labels[name]);
    return matchLabels(matchers, get) ? { metric, labels } : null;
  };

  return (_partition, record) => {
    const { kind, encoding = 'snappy' } = record.headers;
    if (kind !== 'samples' || record.value === null) return [];
    if (reader.count > knownSeriesMax) {
      reader.clear();
      known = [];
    }
    const samples = reader.read(
      decodeBody(encoding, record.value, decodedBytesMax, scratch),
      recordLimits,
    );
    for (let series = known.length; series < reader.count; series++) known.push(learn(series));
    return sampleRows(samples, known, record.headers['cluster'] ?? '');
  };
}

function* sampleRows(
  samples: SampleColumns,
  known: readonly (Known | null)[],
  cluster: string,
): Iterable<Row> {
  const { length, series, times, values, words, histograms } = samples;
  for (let i = 0; i < length; i++) {
    const of = known[series[i]!];
    if (of) yield row(times[i]!, cluster, of, isStale(words, i) ? 'stale' : plain(values[i]!));
  }
  for (let i = 0; i < histograms.length; i++) {
    const of = known[histograms.series[i]!];
    const value = histograms.stale[i] ? 'stale' : 'histogram';
    if (of) yield row(histograms.times[i]!, cluster, of, value);
  }
}

function row(timeMs: number, cluster: string, { metric, labels }: Known, value: unknown): Row {
  return { time: timeText(timeMs), cluster, metric, labels, value };
}

/** JSON has no infinities and no NaN: they are text, as Prometheus writes them. */
function plain(value: number): number | string {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** A sender may write any time; beyond what a date can be it stays a number. */
function timeText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
