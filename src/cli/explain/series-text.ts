import type { SeriesExplanation } from '../../engine/explain.ts';
import type { SeriesState } from '../../models/series-state.ts';
import { type AnomaliesOfSeries, fateWords } from '../../processors/anomalies/explain.ts';
import type { HistogramShown } from '../../processors/anomalies/histograms/histograms.ts';
import { leastObservations } from '../../processors/anomalies/histograms/quantile.ts';
import type { Fate, SeenSample } from '../../processors/anomalies/watch.ts';
import { figure, Lines, moment, selectorText, span } from './text.ts';

/** A series, and where it was found. */
export interface FoundSeries extends SeriesExplanation {
  readonly partition: number;
  /** Log time (ms) of the state. */
  readonly log_time: number;
}

/** What is known of a series, for people. `sinceMs`: how far back samples were scored again. */
export function seriesText(series: FoundSeries, sinceMs: number): string {
  const { anomalies, ...others } = series.processors as { anomalies?: AnomaliesOfSeries };
  const histogram = anomalies?.histogram;
  const { __name__: metric = '', ...labels } = histogram?.labels ?? series.labels;
  const lines = new Lines();
  const every = series.interval > 0 ? `every ${span(series.interval)}` : 'once so far';
  lines.head(`${selectorText(metric, labels)} on ${series.cluster_title}`).facts({
    cluster: `${series.cluster} of tenant ${series.tenant}, partition ${series.partition}`,
    reports: `${every}, newest ${moment(series.last)}${series.live ? '' : '; it has ended'}`,
    'log time': moment(series.log_time),
    histogram: histogram ? histogramText(histogram) : undefined,
  });
  if (!anomalies) lines.line('the processor "anomalies" is switched off (settings.disabled)');
  else if (!anomalies.route) {
    lines.line('not scored: no route selects it (settings.anomalies.routes)');
  } else scored(lines, anomalies, sinceMs);
  for (const [name, said] of Object.entries(others)) {
    lines.line(`${name}: ${JSON.stringify(said)}`);
  }
  return `${lines.toString()}\n`;
}

const silence: Readonly<Record<HistogramShown['silent'], string>> = {
  '': '',
  'no le="+Inf"': '; its bucket le="+Inf" is missing, so nothing is scored of it',
  'scored as native': '; it comes as a native histogram too, which is scored in its place',
};

function histogramText({ form, buckets, greatest_bound, whole_at, silent }: HistogramShown) {
  const upTo = greatest_bound === null ? '' : ` up to le="${greatest_bound}"`;
  const whole = form !== 'classic' ? '' : `, whole last at ${moment(whole_at)}`;
  return `${form}, ${buckets} buckets${upTo}${whole}${silence[silent]}`;
}

/** Something that is scored of a series. */
interface Aspect extends Pick<AnomaliesOfSeries, 'kind' | 'state' | 'seen'> {
  /** '' of a series that is scored as it is. */
  readonly name: string;
}

function aspectsOf({ histogram, kind, state, seen, quantiles }: AnomaliesOfSeries): Aspect[] {
  const itself = { name: histogram ? 'count' : '', kind, state, seen };
  const all = quantiles.map((each) => ({ ...each, name: `quantile ${each.quantile}` }));
  return histogram?.form === 'classic' ? all : [itself, ...all];
}

function scored(lines: Lines, said: AnomaliesOfSeries, sinceMs: number): void {
  const { route, kind } = said;
  const { select, model, parameters, per_series_day, per_cluster_day } = route!;
  const own = Object.keys(parameters).length > 0 ? JSON.stringify(parameters) : 'as shipped';
  lines.facts({
    route: select,
    model: `${model}: ${said.model_summary}`,
    parameters: own,
    asked: `${per_series_day} false alarms per series and day; at most ${per_cluster_day} told per cluster and day`,
    measures: said.histogram ? undefined : kind,
    'route cut': routeCutText(said),
  });
  for (const aspect of aspectsOf(said)) {
    if (aspect.name !== '') lines.head(`${aspect.name}, which measures ${aspect.kind}`);
    if (aspect.state) knowledge(lines, aspect);
    else lines.line('it was not scored yet');
    fates(lines, aspect, sinceMs);
  }
  const { open, feedback } = said;
  if (open) {
    const quiet = open.hushed ? ', not told: it is expected' : '';
    lines
      .head('Open')
      .line(
        `${open.anomaly}: ${open.quantile ? `quantile ${open.quantile} ` : ''}` +
          `${open.kind} ${open.direction} since ${open.start}, ` +
          `${figure(open.score)} times the cut${quiet}`,
      );
  }
  if (feedback.length > 0) marks(lines, feedback as readonly Mark[]);
}

function knowledge(lines: Lines, { state, name }: Aspect): void {
  const s = state!;
  const raised =
    s.raised_by > 0 ? `, ${Math.round(100 * s.raised_by)} % of it for late alarms` : '';
  lines.head(`What it knows${of(name)}`).facts({
    samples: `${s.samples}${s.moved ? ` over ${span(livedMs(s))}` : ', all of the same value: it never moved'}`,
    value: figure(s.value),
    expected: expectedNow(s.model),
    cut:
      s.needed_rarity === null
        ? 'its bound, whatever is asked for'
        : `a sample as rare as one in 10^${figure(s.needed_rarity)} alarms${raised}`,
    calibration:
      s.tail_samples === null ? undefined : `by ${s.tail_samples} scores of its own past`,
    resting: s.resting_samples > 0 ? `for ${s.resting_samples} more samples` : undefined,
    muted: s.muted_samples > 0 ? `for ${s.muted_samples} more samples, after a gap` : undefined,
    outside: s.outside_samples === 0 ? undefined : sideText(s),
    equal:
      s.equal_samples > 1
        ? `${s.equal_samples} in a row, at most ${s.longest_equal_samples} before`
        : undefined,
    ended: s.ended ? 'it ended, or has stopped reporting' : undefined,
  });
  const rest = Object.entries(s.model).filter(([name]) => !band.has(name));
  if (rest.length === 0) return;
  lines.head(`State of the model${of(name)}`);
  lines.facts(Object.fromEntries(rest.map(([name, value]) => [wordsOf(name), figure(value)])));
}

/** The age of the season may be less: it begins anew where a cycle of its own is given up. */
const livedMs = (s: { age_ms: number; samples: number; interval_ms: number }): number =>
  Math.max(s.age_ms, (s.samples - 1) * s.interval_ms);
const of = (name: string): string => (name === '' ? '' : ` of ${name}`);
const band: ReadonlySet<string> = new Set(['expected', 'lower', 'upper']);
const wordsOf = (name: string): string => name.replaceAll('_', ' ');

function expectedNow({ expected, lower, upper }: Readonly<Record<string, number | null>>) {
  if (expected === undefined) return undefined;
  return `${figure(expected)} within ${figure(lower)} to ${figure(upper)}`;
}

function sideText({ outside_samples: side, needed_rarity }: SeriesState): string {
  const found = `${Math.abs(side)} in a row ${side > 0 ? 'above' : 'below'} the band`;
  return needed_rarity === null ? found : `${found}; 16 are a level shift`;
}

function fates(lines: Lines, { seen, name }: Aspect, sinceMs: number): void {
  const whose = name === '' ? 'its samples' : `the samples of ${name}`;
  if (!seen) {
    lines.head(`What became of ${whose} of the last ${span(sinceMs)}`);
    lines.line('none came (--since goes further back)');
    return;
  }
  lines.head(`What became of ${whose} since ${moment(seen.first)}`);
  for (const [fate, count] of Object.entries(seen.fates)) {
    lines.line(`${count} x ${fate}: ${wordsOfFate(fate as Fate, name)}`);
  }
  sample(lines, 'newest', name, seen.last);
  if (seen.strongest !== seen.last) sample(lines, 'strongest', name, seen.strongest);
  if (seen.alarm && seen.alarm !== seen.last && seen.alarm !== seen.strongest) {
    sample(lines, 'last alarm', name, seen.alarm);
  }
  if (seen.failed && seen.failed !== seen.last && seen.failed !== seen.strongest) {
    sample(lines, 'last failed', name, seen.failed);
  }
}

/** Of a quantile there is no number when too little was observed. */
const wordsOfFate = (fate: Fate, name: string): string =>
  fate === 'missing' && name.startsWith('quantile')
    ? `fewer than ${leastObservations} observations since the scrape before: not scored`
    : fateWords[fate];

function sample(lines: Lines, what: string, name: string, s: SeenSample): void {
  const terms = Object.entries(s.terms)
    .filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => `${name} ${figure(value)}`);
  const range = s.expected === null && s.lower === null && s.upper === null;
  lines.head(`The ${what} one${of(name)}`).facts({
    time: moment(s.time),
    value: `${figure(s.value)}${range ? '' : `, expected ${figure(s.expected)} within ${figure(s.lower)} to ${figure(s.upper)}`}`,
    score: s.fate === 'failed' ? undefined : `${figure(s.score)}, ${figure(s.strength)} of the cut`,
    terms: terms.join(', '),
    'so it is': `${s.fate}: ${wordsOfFate(s.fate, name)}`,
    error: s.error,
  });
}

function routeCutText({ route, route_cut, route_spent }: AnomaliesOfSeries): string | undefined {
  if (route_spent) return `the ${route!.per_cluster_day} of a day are spent: none is told for now`;
  return route_cut > 1
    ? `only what is ${figure(route_cut)} times its own cut is told now`
    : undefined;
}

interface Mark {
  readonly kind: string;
  readonly direction: string;
  readonly until: string;
  readonly active: boolean;
  readonly size: number | null;
  readonly like: boolean;
  readonly note: string;
  readonly withheld: number;
  readonly anomaly: string;
}

function marks(lines: Lines, feedback: readonly Mark[]): void {
  lines.head('Marked as expected');
  for (const m of feedback) {
    const size = m.size === null ? 'of any size' : `of about ${figure(m.size)} off`;
    const where = m.like ? 'on it and its like' : 'on it alone';
    const over = m.active ? `until ${m.until}` : `expired at ${m.until}`;
    const note = m.note === '' ? '' : ` (${m.note})`;
    lines.line(
      `${m.kind} ${m.direction} ${size} ${where}, ${over}: ${m.withheld} withheld; ` +
        `marked at ${m.anomaly}${note}`,
    );
  }
}
