import { startOf } from '../../engine/position.ts';
import { snapshotStore } from '../../engine/runtime/embedded/runtime.ts';
import type { Log } from '../../log/log.ts';
import type { SettingsValue } from '../../log/telemetry.ts';
import { telemetryTopic } from '../../log/topics.ts';
import { likeRunner, Sealed } from '../../user-code/sealed.ts';
import { copyBundle } from '../bundles.ts';
import type { RekeyJob } from './rekey-job.ts';
import { type RestingSnapshot, refused } from './rest.ts';

/** A log and the place of its snapshots. */
export interface Place {
  readonly log: Log;
  readonly snapshots: string;
}

/** Error `rekey_refused`: the log or the place of snapshots has something of the stage already. */
export async function checkEmpty({ log, snapshots }: Place, stage: string): Promise<void> {
  const { partitions } = log.topics.get(telemetryTopic)!;
  for (let partition = 0; partition < partitions; partition++) {
    const { first, next } = await log.bounds(telemetryTopic, partition);
    const made = await snapshotStore(snapshots, stage, partition).list();
    if (first === next && made.length === 0) continue;
    const what = first === next ? `snapshots in ${snapshots}` : 'records in its log';
    throw refused(
      `partition ${partition} of the target has ${what} already: give it a log (for Kafka, another ` +
        'topic for telemetry under process.log.kafka.topics) and a data folder of its own',
    );
  }
}

/**
 * Divides the states and writes them where the other log begins, with the settings in force;
 * returns the epoch. `snapshots`: the folder that holds the old program's bundles.
 */
export async function writeStates(
  sources: readonly RestingSnapshot[],
  snapshots: string,
  to: Place,
  stage: string,
): Promise<number> {
  const { bundle } = sources[0]!;
  const epoch = 1 + Math.max(...sources.map(({ position }) => position.epoch));
  const url = bundle === '' ? undefined : await copyBundle(snapshots, to.snapshots, bundle);
  const outputs = [...to.log.topics.values()].filter(({ name }) => name !== telemetryTopic);
  const targets = Object.fromEntries(outputs.map(({ name, partitions }) => [name, partitions]));
  const { partitions } = to.log.topics.get(telemetryTopic)!;
  const job = new URL('./rekey-job.ts', import.meta.url);
  const sealed = await Sealed.open<RekeyJob>(job, url, likeRunner);
  let settings: SettingsValue | undefined;
  try {
    for (const [partition, { position, chunks }] of sources.entries()) {
      const from = { stage, partition, partitions: sources.length, targets };
      const inForce = await sealed.call('load', from, position, chunks);
      settings ??= inForce;
    }
    for (let partition = 0; partition < partitions; partition++) {
      const setup = { stage, partition, partitions, epoch, targets };
      const chunks = await sealed.call('divide', setup, bundle);
      const { next } = await to.log.bounds(telemetryTopic, partition);
      await snapshotStore(to.snapshots, stage, partition).write({
        position: startOf(epoch, next),
        outputs: await headsOf(to.log),
        bundle,
        chunks,
      });
    }
  } finally {
    await sealed.end();
  }
  if (settings && settings.version > 0) {
    const value = Buffer.from(JSON.stringify(settings));
    for (let partition = 0; partition < partitions; partition++) {
      await to.log.append(telemetryTopic, partition, [{ headers: { kind: 'settings' }, value }]);
    }
  }
  return epoch;
}

/** Next offsets of all output partitions, as snapshots keep them. */
async function headsOf(log: Log): Promise<Record<string, number>> {
  const heads: Record<string, number> = {};
  for (const { name, partitions } of log.topics.values()) {
    if (name === telemetryTopic) continue;
    for (let p = 0; p < partitions; p++) heads[`${name}/${p}`] = (await log.bounds(name, p)).next;
  }
  return heads;
}

/** Topics of the moment: what they told is told anew. */
const momentary: ReadonlySet<string> = new Set([telemetryTopic, 'status', 'scores']);

/**
 * Copies past outputs, with their numbers, into topics of the other log that hold nothing; returns
 * how many records, and the topics that were left as they are.
 */
export async function copyOutputs(from: Log, to: Log): Promise<{ copied: number; left: string[] }> {
  let copied = 0;
  const left: string[] = [];
  for (const { name, partitions } of from.topics.values()) {
    if (momentary.has(name)) continue;
    if (to.topics.get(name)?.partitions !== partitions || !(await isEmpty(to, name, partitions))) {
      left.push(name);
      continue;
    }
    for (let p = 0; p < partitions; p++) copied += await copyPartition(from, to, name, p);
  }
  return { copied, left };
}

async function isEmpty(log: Log, topic: string, partitions: number): Promise<boolean> {
  for (let p = 0; p < partitions; p++) {
    const { first, next } = await log.bounds(topic, p);
    if (first !== next) return false;
  }
  return true;
}

async function copyPartition(from: Log, to: Log, topic: string, p: number): Promise<number> {
  let copied = 0;
  const { first, next } = await from.bounds(topic, p);
  for (let offset = first; offset < next; ) {
    const records = await from.read(topic, p, offset);
    if (records.length === 0) break;
    const plain = records.map(({ headers, value }) => ({ headers, value }));
    await to.append(topic, p, plain);
    copied += records.length;
    offset = records.at(-1)!.offset + 1;
  }
  return copied;
}
