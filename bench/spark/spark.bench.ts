import type { BridgeConfig } from '../../src/cli/spark/bridge-config.ts';
import { hasSpark } from '../../src/cli/spark/java.ts';
import type { BenchCase } from '../bench-case.ts';
import { cpuSeconds, recordSamples, SparkFixture, withBallast } from './fixture.ts';

type Figures = Record<string, number>;
interface Reading {
  readonly own: number;
  readonly children: number;
  readonly time: number;
  readonly counters: Readonly<Record<string, number>>;
}

const warmBatches = 3;
const recordsOf = (samples: number): number => Math.ceil(samples / recordSamples);

/** What a job used between the end of the third micro-batch and the end of the last one. */
interface Used {
  readonly samples: number;
  /** CPU seconds of the JVM, and of the runners. */
  readonly jvm: number;
  readonly node: number;
  readonly seconds: number;
  readonly batches: number;
  readonly snapshots: number;
  readonly snapshotBytes: number;
}

/** AvailableNow over the records of a fixture; the start of JVM and runners does not count. */
async function use(
  fixture: SparkFixture,
  peer: boolean,
  config: Partial<BridgeConfig>,
): Promise<Used> {
  const readings: Promise<Reading>[] = [];
  await fixture.forget();
  const job = fixture.run(fixture.config(config), peer, (event) => {
    if (event.event !== 'progress') return;
    const { counters } = event;
    const time = performance.now();
    readings.push(cpuSeconds(job.pid).then((cpu) => ({ ...cpu, counters, time })));
  });
  const code = await job.ended;
  if (code !== 0) throw new Error(`the job ended with code ${code}`);
  const all = await Promise.all(readings);
  const [from, to] = [all[warmBatches - 1]!, all.at(-1)!];
  const more = (name: string): number => (to.counters[name] ?? 0) - (from.counters[name] ?? 0);
  return {
    samples: more('records') * recordSamples,
    jvm: to.own - from.own,
    node: to.children - from.children,
    seconds: (to.time - from.time) / 1000,
    batches: all.length - warmBatches,
    snapshots: more('snapshots'),
    snapshotBytes: more('snapshot_bytes'),
  };
}

function figures({ samples, jvm, node, seconds }: Used): Figures {
  const millions = samples / 1e6;
  return {
    'CPU s/M': (jvm + node) / millions,
    'JVM s/M': jvm / millions,
    'Node s/M': node / millions,
    'M samples/s': millions / seconds,
  };
}

/** Bridge and Java peer over the same records, in turn. */
async function againstJava(series: number, samples: number): Promise<Figures> {
  const fixture = await SparkFixture.start();
  try {
    await fixture.fill(series, Math.ceil(samples / series));
    const config = { maxOffsetsPerTrigger: recordsOf(1_000_000) };
    const java = figures(await use(fixture, true, config));
    const bridge = figures(await use(fixture, false, config));
    return {
      ...bridge,
      'Java CPU s/M': java['CPU s/M']!,
      'times Java': bridge['CPU s/M']! / java['CPU s/M']!,
    };
  } finally {
    await fixture.close();
  }
}

/** CPU per sample against the number of series. */
async function bySeries(few: number, many: number): Promise<Figures> {
  const found: Figures = {};
  for (const series of [few, many]) {
    const fixture = await SparkFixture.start();
    try {
      await fixture.fill(series, Math.ceil(8_000_000 / series));
      const config = { maxOffsetsPerTrigger: recordsOf(1_000_000) };
      found[`CPU s/M at ${series}`] = figures(await use(fixture, false, config))['CPU s/M']!;
    } finally {
      await fixture.close();
    }
  }
  const [a, b] = Object.values(found) as [number, number];
  return { ...found, ratio: b / a };
}

/**
 * Cost against the size of the state: CPU per sample while no snapshot is made, and of a snapshot,
 * from a run that makes one in each micro-batch of each partition.
 */
async function byState(ballast: keyof typeof withBallast): Promise<Figures> {
  const fixture = await SparkFixture.start(4, withBallast[ballast]);
  try {
    await fixture.fill(60_000, 40);
    const config = { maxOffsetsPerTrigger: recordsOf(240_000) };
    const plain = await use(fixture, false, config);
    const often = await use(fixture, false, { ...config, tailBytesMax: 1 });
    const megabytes = often.snapshotBytes / 1e6;
    return {
      'CPU s/M without snapshots': figures(plain)['CPU s/M']!,
      'state MB': megabytes / often.batches,
      'snapshot JVM ms/MB': ((often.jvm - plain.jvm) * 1000) / megabytes,
      'snapshot Node ms/MB': ((often.node - plain.node) * 1000) / megabytes,
    };
  } finally {
    await fixture.close();
  }
}

const all: BenchCase[] = [
  { name: 'spark EWMA 20k series', run: () => againstJava(20_000, 14_000_000) },
  { name: 'spark EWMA 10k and 1M series', run: () => bySeries(10_000, 1_000_000) },
  { name: 'spark state of 60k series', run: () => byState(0) },
  { name: 'spark state of 60k series and 20 MB', run: () => byState(320) },
  { name: 'spark state of 60k series and 100 MB', run: () => byState(1664) },
];
export const cases = hasSpark() ? all : [];
