import type { SparkEvent } from '../../src/cli/spark/job.ts';
import type { BenchCase } from '../bench-case.ts';
import { childrenOf, cpuSeconds, recordSamples, SparkFixture } from './fixture.ts';

type Figures = Record<string, number>;
interface Reading {
  readonly records: number;
  readonly own: number;
  readonly children: number;
  readonly time: number;
}

const warmBatches = 3;

/**
 * AvailableNow over the records of a fixture. CPU between the end of the third micro-batch and the
 * end of the last one, so that the start of JVM and runners does not count.
 */
async function throughput(
  fixture: SparkFixture,
  peer: boolean,
  recordsPerBatch: number,
): Promise<Figures> {
  const readings: Promise<Reading>[] = [];
  const counters: SparkEvent[] = [];
  await fixture.forget();
  const job = fixture.run(
    fixture.config({ maxOffsetsPerTrigger: recordsPerBatch }),
    peer,
    (event) => {
      if (event.event !== 'progress') return;
      counters.push(event);
      const { records } = event.counters as { records: number };
      readings.push(
        cpuSeconds(job.pid).then((cpu) => ({ ...cpu, records, time: performance.now() })),
      );
    },
  );
  const code = await job.ended;
  if (code !== 0) throw new Error(`the job ended with code ${code}`);
  const all = await Promise.all(readings);
  const [from, to] = [all[warmBatches - 1]!, all.at(-1)!];
  const millions = ((to.records - from.records) * recordSamples) / 1e6;
  return {
    'CPU s/M': (to.own - from.own + to.children - from.children) / millions,
    'JVM s/M': (to.own - from.own) / millions,
    'Node s/M': (to.children - from.children) / millions,
    'M samples/s': millions / ((to.time - from.time) / 1000),
  };
}

/** Bridge and Java peer over the same records, in turn. */
async function againstJava(series: number, samples: number): Promise<Figures> {
  const fixture = await SparkFixture.start();
  try {
    await fixture.fill(series, Math.ceil(samples / series));
    const batch = Math.ceil(1_000_000 / recordSamples);
    const java = await throughput(fixture, true, batch);
    const bridge = await throughput(fixture, false, batch);
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
      await fixture.fill(series, Math.ceil(5_000_000 / series));
      const figures = await throughput(fixture, false, Math.ceil(1_000_000 / recordSamples));
      found[`CPU s/M at ${series}`] = figures['CPU s/M']!;
    } finally {
      await fixture.close();
    }
  }
  const [a, b] = Object.values(found) as [number, number];
  return { ...found, ratio: b / a };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Few samples: cost of a micro-batch, and time from produce to output. */
async function live(peer: boolean): Promise<Figures> {
  const fixture = await SparkFixture.start(2);
  const progress: Extract<SparkEvent, { event: 'progress' }>[] = [];
  const stop = new AbortController();
  try {
    await fixture.fill(4_000, 5);
    await fixture.forget();
    const job = fixture.run(fixture.config({ triggerMs: 0 }), peer, (event) => {
      if (event.event === 'progress') progress.push(event);
    });
    const latencies: number[] = [];
    let measuredFrom = Number.POSITIVE_INFINITY;
    const following = (async () => {
      for await (const records of fixture.log.follow('events', 0, 0, stop.signal)) {
        for (const { value } of records) {
          if (!value) continue;
          const { data } = JSON.parse(Buffer.from(value).toString()) as { data: { time: number } };
          if (data.time >= measuredFrom) latencies.push(Date.now() - data.time);
        }
      }
    })();
    const warm = performance.now() + 40_000;
    while (performance.now() < warm) {
      await fixture.probe(Math.round(performance.now()) % 2, 250);
      await sleep(50);
    }
    const batches = progress.length;
    measuredFrom = Date.now();
    const before = await cpuSeconds(job.pid);
    for (let n = 0; n < 600; n++) {
      await fixture.probe(n % 2, 250);
      await sleep(50);
    }
    const after = await cpuSeconds(job.pid);
    const count = progress.length - batches;
    const took = progress.slice(batches).map(({ ms }) => ms['triggerExecution'] ?? 0);
    took.sort((a, b) => a - b);
    await sleep(1_000);
    stop.abort();
    await following;
    await job.stop();
    const times = latencies.sort((a, b) => a - b);
    return {
      'CPU s/batch': (after.own - before.own + after.children - before.children) / count,
      'Node s/batch': (after.children - before.children) / count,
      'batch ms': took[Math.floor(took.length / 2)]!,
      ...(peer
        ? {}
        : {
            'p50 ms': times[Math.floor(times.length * 0.5)]!,
            'p99 ms': times[Math.floor(times.length * 0.99)]!,
          }),
    };
  } finally {
    stop.abort();
    await fixture.close();
  }
}

async function liveAgainstJava(): Promise<Figures> {
  const java = await live(true);
  const bridge = await live(false);
  return {
    ...bridge,
    'Java CPU s/batch': java['CPU s/batch']!,
    'times Java': bridge['CPU s/batch']! / java['CPU s/batch']!,
  };
}

/** A runner is killed: time until the outputs of its partition go on, and what loading took. */
async function recovery(): Promise<Figures> {
  const fixture = await SparkFixture.start(1);
  const progress: Extract<SparkEvent, { event: 'progress' }>[] = [];
  try {
    await fixture.fill(60_000, 20);
    await fixture.forget();
    const config = fixture.config({ triggerMs: 0, runners: 1, maxOffsetsPerTrigger: 250 });
    const job = fixture.run(config, false, (event) => {
      if (event.event === 'progress') progress.push(event);
    });
    const records = () => progress.at(-1)?.counters['records'] ?? 0;
    const { next } = await fixture.log.bounds('telemetry', 0);
    while (records() < next) await sleep(50);
    const times: number[] = [];
    for (let n = 0; n < 3; n++) {
      await sleep(1_000);
      for (const pid of await childrenOf(job.pid)) process.kill(pid, 'SIGKILL');
      const start = performance.now();
      const before = records();
      await fixture.probe(0, 250);
      while (records() === before) await sleep(5);
      times.push((performance.now() - start) / 1000);
    }
    const { counters } = progress.at(-1)!;
    await job.stop();
    times.sort((a, b) => a - b);
    return {
      's to go on': times[1]!,
      loads: counters['loads']!,
      'tail MB': counters['record_bytes']! / 1e6,
    };
  } finally {
    await fixture.close();
  }
}

export const cases: BenchCase[] = [
  { name: 'spark EWMA 20k series', run: () => againstJava(20_000, 14_000_000) },
  { name: 'spark EWMA 10k and 1M series', run: () => bySeries(10_000, 1_000_000) },
  { name: 'spark live 5k samples/s', run: liveAgainstJava },
  { name: 'spark recovery of 60k series', run: recovery },
];
