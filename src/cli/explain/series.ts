import type { Config } from '../../config/schema.ts';
import { SeastateError } from '../../core/errors.ts';
import { formatSelector, type Matcher, matcher } from '../../core/matchers.ts';
import type { Log } from '../../log/log.ts';
import { telemetryTopic } from '../../log/topics.ts';
import { type CliContext, say, sayMeanwhile } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { openLogToRead } from '../open-log.ts';
import { writeText } from '../output/rows.ts';
import { PartitionStates } from '../partitions.ts';
import { type FoundSeries, seriesText } from './series-text.ts';

export interface ExplainFlags extends ConfigFlags {
  readonly at?: number;
  readonly since: number;
  readonly partition?: number;
  readonly limit: number;
  readonly output: 'text' | 'json';
}

const stage = 'cluster';

/** Writes what is known of the series that match; throws when there are none. */
export async function explainSeriesNow(
  context: CliContext,
  config: Config,
  matchers: readonly Matcher[],
  flags: ExplainFlags,
): Promise<void> {
  const log = await openLogToRead(config, context);
  const states = new PartitionStates(config, log);
  try {
    const { partitions } = log.topics.get(telemetryTopic)!;
    const all = Array.from({ length: partitions }, (_, p) => p);
    const wanted = all.filter((p) => flags.partition === undefined || flags.partition === p);
    const found: FoundSeries[] = [];
    let more = false;
    const whose = wanted.length === 1 ? `partition ${wanted[0]}` : `${wanted.length} partitions`;
    sayMeanwhile(context, `making the state of ${whose} from snapshots and log`);
    for (const partition of wanted) {
      for await (const series of seriesOf(context, { states, log }, partition, matchers, flags)) {
        more = found.length === flags.limit;
        if (more) break;
        found.push(series);
        if (flags.output === 'text') await writeText(context.out, seriesText(series, flags.since));
      }
      if (more) break;
    }
    if (flags.output === 'json') {
      await writeText(context.out, `${JSON.stringify(found, null, 2)}\n`);
    }
    if (found.length === 0) throw nothingFound(matchers, flags);
    if (more) say(context, `more than ${flags.limit} series match: --limit raises it`);
  } finally {
    await states.end();
    await log.close();
  }
}

async function* seriesOf(
  context: CliContext,
  { states, log }: { states: PartitionStates; log: Log },
  partition: number,
  matchers: readonly Matcher[],
  { at, since, limit }: ExplainFlags,
): AsyncIterable<FoundSeries> {
  const end = at ?? (await newestTime(log, partition));
  if (end === undefined) return;
  const selectors = selectorsOf(matchers);
  // A series may carry no label that names its cluster: then its sender does.
  const watched = selectors.map((each) => formatSelector(each.filter(isNotCluster)));
  const { state, logTime, isKept } = await states.of({
    stage,
    partition,
    fromTime: end - since,
    ...(at === undefined ? {} : { toTime: at }),
    watched,
  });
  const log_time = logTime || end;
  if (isKept) {
    const [asked, found] = [end, log_time].map((time) => new Date(time).toISOString());
    say(
      context,
      `partition ${partition}: the log of ${asked} is gone; this is what was known at ${found}`,
    );
  }
  for (const series of await state.explain(selectors.map(formatSelector), limit + 1)) {
    yield { partition, log_time, ...series };
  }
}

const isNotCluster = ({ name }: Matcher): boolean => name !== 'cluster';

/**
 * The selector, and where it names a histogram as anomalies do (`x{quantile="0.99"}`) those of the
 * series that it comes from: its open bucket, or itself when it is native.
 */
function selectorsOf(matchers: readonly Matcher[]): (readonly Matcher[])[] {
  const metric = matchers.find(({ name, op }) => name === '__name__' && op === '=');
  if (!metric) return [matchers];
  const rest = matchers.filter(
    (each) => each !== metric && each.name !== 'quantile' && each.name !== 'stat',
  );
  const buckets = matcher('__name__', '=', `${metric.value}_bucket`);
  return [matchers, [buckets, matcher('le', '=', '+Inf'), ...rest], [metric, ...rest]];
}

async function newestTime(log: Log, partition: number): Promise<number | undefined> {
  const { first, next } = await log.bounds(telemetryTopic, partition);
  if (next === first) return undefined;
  return (await log.read(telemetryTopic, partition, next - 1)).at(-1)?.timestamp;
}

function nothingFound(matchers: readonly Matcher[], { partition }: ExplainFlags): SeastateError {
  const where = partition === undefined ? '' : ` in partition ${partition}`;
  return new SeastateError(
    'usage',
    `no series matches ${formatSelector(matchers)}${where}: it never came, was dropped by ` +
      'settings.keep or drop, or ended longer ago than settings.time.forget_after',
  );
}
