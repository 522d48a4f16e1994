import { messageOf, SeastateError } from '../../core/errors.ts';
import type { Log, LogRecord } from '../../log/log.ts';
import { type Position, startOf } from '../position.ts';
import type { StageSetup } from '../stage.ts';
import { keptBefore } from './embedded/kept.ts';
import type { SnapshotStore } from './embedded/snapshots.ts';
import { codeIn, fedRecord } from './fed-record.ts';

/** Where a state stands. */
export interface Standing {
  readonly position: Position;
  /** ms */
  readonly logTime: number;
  /** Version of the settings in force. */
  readonly settings: number;
}

/** What holds a state and its processors, wherever that is. */
export interface StateHolder {
  /** An empty state without chunks. */
  load(position: Position, chunks: readonly Uint8Array[]): Promise<Standing>;
  take(records: readonly LogRecord[]): Promise<Standing>;
  save(): Promise<readonly Uint8Array[]>;
  end(): Promise<void>;
}

export interface RebuildParts<Holder extends StateHolder> {
  readonly log: Log;
  /** Input topic of the stage. */
  readonly topic: string;
  readonly stage: string;
  readonly partition: number;
  readonly store: SnapshotStore;
  /** Processors of the stage with the bundle of that sha-256; '' without users' code. */
  open(bundle: string, setup: Omit<StageSetup, 'epoch'>): Promise<Holder>;
}

export interface RebuildRange {
  /** Where to stop: before this offset, or behind this log time (ms). The head by default. */
  readonly toOffset?: number;
  readonly toTime?: number;
  /** Log time (ms) from which on records are run again, where an older snapshot allows it. */
  readonly fromTime?: number;
}

export interface Rebuilt<Holder extends StateHolder> extends Standing {
  readonly state: Holder;
  readonly bundle: string;
  /** Offset of the first record that was run again. */
  readonly from: number;
  /**
   * The log no longer reaches back to the wanted time: the state is that of a kept snapshot, as it
   * stood, without the records between the two.
   */
  readonly isKept: boolean;
}

/** Beside a running program snapshots and the log's oldest records may go at any moment. */
const attemptsMax = 3;

/**
 * The state of a partition, beside every runtime: a snapshot, and the tail since it run again.
 * Reads only, so it may stand beside the program that owns the partition. Errors:
 * `rebuild_impossible` when no snapshot and log reach from one to the other, and the log's own.
 */
export async function rebuildState<Holder extends StateHolder>(
  parts: RebuildParts<Holder>,
  range: RebuildRange = {},
): Promise<Rebuilt<Holder>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rebuild(parts, range);
    } catch (error) {
      const isGone = error instanceof SeastateError && error.code === 'offset_gone';
      if (!isGone || attempt === attemptsMax) throw error;
    }
  }
}

/** Where a rebuilding begins. */
interface Start {
  readonly position: Position;
  readonly bundle: string;
  readonly chunks: readonly Uint8Array[];
  readonly isKept?: boolean;
}

async function rebuild<Holder extends StateHolder>(
  parts: RebuildParts<Holder>,
  range: RebuildRange,
): Promise<Rebuilt<Holder>> {
  const { log, topic, stage, partition } = parts;
  const asked = await endOf(parts, range);
  const start = await startFor(parts, range, asked);
  const end = start.isKept ? start.position.next : asked;
  const outputs = [...log.topics.values()].filter(({ name }) => name !== topic);
  const setup = {
    stage,
    partition,
    partitions: log.topics.get(topic)!.partitions,
    targets: Object.fromEntries(outputs.map(({ name, partitions }) => [name, partitions])),
  };
  let { bundle } = start;
  let state = await parts.open(bundle, setup);
  try {
    let standing = await state.load(start.position, start.chunks);
    const take = async (records: readonly LogRecord[]): Promise<void> => {
      if (records.length > 0) standing = await state.take(records);
    };
    const skips = await parts.store.skips();
    while (standing.position.next < end) {
      const read = await log.read(topic, partition, standing.position.next);
      const wanted = read.filter(({ offset }) => offset < end);
      // Not every offset holds a record: what is read may be past the end.
      if (wanted.length === 0) break;
      let waiting: LogRecord[] = [];
      for (const record of wanted) {
        const fed = fedRecord(record, skips);
        const code = codeIn(fed);
        if (code) {
          await take(waiting);
          waiting = [];
          if (code.bundle !== bundle && code.version > standing.settings) {
            const chunks = await state.save();
            await state.end();
            bundle = code.bundle;
            state = await parts.open(bundle, setup);
            standing = await state.load(standing.position, chunks);
          }
        }
        waiting.push(fed);
      }
      await take(waiting);
    }
    const { isKept = false } = start;
    return { state, ...standing, bundle, from: start.position.next, isKept };
  } catch (error) {
    await state.end();
    throw error;
  }
}

type RebuildPlace = Omit<RebuildParts<StateHolder>, 'open'>;

async function endOf(
  { log, topic, partition }: RebuildPlace,
  { toOffset, toTime }: RebuildRange,
): Promise<number> {
  const { next } = await log.bounds(topic, partition);
  if (toOffset !== undefined && toOffset > next) {
    throw new SeastateError(
      'usage',
      `partition ${partition} of ${topic} ends at offset ${next}, before ${toOffset}`,
    );
  }
  if (toOffset !== undefined) return toOffset;
  if (toTime === undefined) return next;
  return Math.min(next, await log.offsetAt(topic, partition, toTime + 1));
}

async function startFor(
  parts: RebuildPlace,
  { fromTime, toTime }: RebuildRange,
  end: number,
): Promise<Start> {
  const { log, topic, partition, store } = parts;
  const { first } = await log.bounds(topic, partition);
  const wanted =
    fromTime === undefined ? end : Math.min(end, await log.offsetAt(topic, partition, fromTime));
  const all = await store.list();
  const snapshots = all.filter(({ next }) => next >= first && next <= end);
  const early = snapshots.filter(({ next }) => next <= wanted).reverse();
  const late = snapshots.filter(({ next }) => next > wanted);
  const broken: string[] = [];
  const read = async (name: string): Promise<Start | undefined> => {
    try {
      return await store.read(name);
    } catch (error) {
      broken.push(messageOf(error));
      return undefined;
    }
  };
  for (const { name } of early) {
    const start = await read(name);
    if (start) return start;
  }
  if (first === 0) return { position: startOf(0, 0), bundle: '', chunks: [] };
  for (const { name } of late) {
    const start = await read(name);
    if (start) return start;
  }
  for (const { name } of toTime !== undefined && end <= first ? keptBefore(all, toTime) : []) {
    const start = await read(name);
    if (start) return { ...start, isKept: true };
  }
  throw new SeastateError(
    'rebuild_impossible',
    `stage ${parts.stage}, partition ${partition}: the log begins at offset ${first}, and no ` +
      `snapshot stands between it and offset ${end}${broken.length > 0 ? ` (${broken.join('; ')})` : ''}: ` +
      'ask for a later time, or name the place of the snapshots by process.data',
  );
}
