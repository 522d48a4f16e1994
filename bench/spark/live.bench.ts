import { setTimeout as sleep } from 'node:timers/promises';
import { hasSpark } from '../../src/cli/spark/java.ts';
import type { SparkEvent } from '../../src/cli/spark/job.ts';
import type { BenchCase } from '../bench-case.ts';
import { alertsAndEwma, childrenOf, cpuSeconds, everything, SparkFixture } from './fixture.ts';

type Figures = Record<string, number>;
type Progress = Extract<SparkEvent, { event: 'progress' }>;
/** The JVM's compilers work on for long: measured from there, on a busy machine too. */
const warmBatches = 200;

/** A job that follows its topic, warmed up with few samples. */
async function follow(fixture: SparkFixture, peer: boolean) {
  const progress: Progress[] = [];
  await fixture.fill(4_000, 5);
  await fixture.forget();
  const job = fixture.run(fixture.config({ triggerMs: 0 }), peer, (event) => {
    if (event.event === 'progress') progress.push(event);
  });
  while (progress.length < warmBatches) {
    const before = progress.length;
    await fixture.probe(before % 2, 250);
    while (progress.length === before) await sleep(5);
  }
  return { job, progress };
}

const middle = (values: number[], share = 0.5): number =>
  values.sort((a, b) => a - b)[Math.floor(values.length * share)]!;

/** CPU and time per micro-batch while `send` runs. */
async function measure(
  { job, progress }: Awaited<ReturnType<typeof follow>>,
  send: () => Promise<void>,
): Promise<Figures> {
  const batches = progress.length;
  const before = await cpuSeconds(job.pid);
  await send();
  const after = await cpuSeconds(job.pid);
  const count = progress.length - batches;
  const [jvm, node] = [after.own - before.own, after.children - before.children];
  return {
    'CPU s/batch': (jvm + node) / count,
    'JVM s/batch': jvm / count,
    'Node s/batch': node / count,
    'batch ms': middle(progress.slice(batches).map(({ ms }) => ms['triggerExecution'] ?? 0)),
  };
}

/** 5 k samples/s in records of 250; latency from the append to the output in the log. */
async function live(peer: boolean): Promise<Figures> {
  const fixture = await SparkFixture.start(2);
  const stop = new AbortController();
  try {
    const running = await follow(fixture, peer);
    const measuredFrom = Date.now();
    const latencies: number[] = [];
    const following = (async () => {
      const { next } = await fixture.log.bounds('events', 0);
      for await (const records of fixture.log.follow('events', 0, next, stop.signal)) {
        for (const { value } of records) {
          if (!value) continue;
          const told = JSON.parse(Buffer.from(value).toString()) as { data?: { time: number } };
          // What the peer writes tells no time.
          const time = told.data?.time ?? 0;
          if (time >= measuredFrom) latencies.push(Date.now() - time);
        }
      }
    })();
    const found = await measure(running, async () => {
      for (let n = 0; n < 600; n++) {
        await fixture.probe(n % 2, 250);
        await sleep(50);
      }
    });
    await sleep(1_000);
    stop.abort();
    await following;
    await running.job.stop();
    if (peer) return found;
    return { ...found, 'p50 ms': middle(latencies), 'p99 ms': middle(latencies, 0.99) };
  } finally {
    stop.abort();
    await fixture.close();
  }
}

/** Micro-batches that hold a heartbeat and nothing else. */
async function empty(peer: boolean): Promise<Figures> {
  const fixture = await SparkFixture.start(2);
  try {
    const running = await follow(fixture, peer);
    const found = await measure(running, async () => {
      for (let n = 0; n < 100; n++) {
        const before = running.progress.length;
        await fixture.heartbeat(n % 2);
        while (running.progress.length === before) await sleep(2);
      }
    });
    await running.job.stop();
    return found;
  } finally {
    await fixture.close();
  }
}

async function againstJava(run: (peer: boolean) => Promise<Figures>): Promise<Figures> {
  const java = await run(true);
  const bridge = await run(false);
  return {
    ...bridge,
    'Java CPU s/batch': java['CPU s/batch']!,
    'Java batch ms': java['batch ms']!,
    'times Java': bridge['CPU s/batch']! / java['CPU s/batch']!,
  };
}

/** A runner is killed: time until the outputs of its partition go on, and what loading took. */
async function recovery(disabled: readonly string[]): Promise<Figures> {
  const fixture = await SparkFixture.start(1, disabled);
  const progress: Progress[] = [];
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
    const cpu: number[] = [];
    for (let n = 0; n < 3; n++) {
      await sleep(1_000);
      for (const pid of await childrenOf(job.pid)) process.kill(pid, 'SIGKILL');
      const start = performance.now();
      const before = records();
      await fixture.probe(0, 250);
      while (records() === before) await sleep(5);
      times.push((performance.now() - start) / 1000);
      // The runner is a new one: all its CPU is recovery.
      cpu.push((await cpuSeconds(job.pid)).children);
    }
    const { counters } = progress.at(-1)!;
    await job.stop();
    return {
      's to go on': middle(times),
      'runner CPU s': middle(cpu),
      loads: counters['loads']!,
      'tail MB': counters['record_bytes']! / 1e6,
    };
  } finally {
    await fixture.close();
  }
}

const all: BenchCase[] = [
  { name: 'spark live 5k samples/s', run: () => againstJava(live) },
  { name: 'spark micro-batch of one heartbeat', run: () => againstJava(empty) },
  { name: 'spark recovery of 60k series', run: () => recovery(alertsAndEwma) },
  { name: 'spark recovery of 60k series, everything', run: () => recovery(everything) },
];
export const cases = hasSpark() ? all : [];
