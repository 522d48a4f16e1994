import type { Log, LogRecord } from '../../src/log/log.ts';

/** Every record of a partition that the log still holds. */
export async function readAll(log: Log, topic: string, partition: number): Promise<LogRecord[]> {
  const { first, next } = await log.bounds(topic, partition);
  const all: LogRecord[] = [];
  for (let at = first; at < next; ) {
    const records = await log.read(topic, partition, at);
    if (records.length === 0) break;
    all.push(...records);
    at = records.at(-1)!.offset + 1;
  }
  return all;
}

/** One accepted output as text: number, headers in order, value. */
export function outputText(output: Pick<LogRecord, 'headers' | 'value'>): string {
  const value = output.value === null ? null : Buffer.from(output.value).toString('base64');
  return JSON.stringify([output.headers, value]);
}

export interface Accepted {
  /** Accepted outputs by `from > topic/partition`, as text. */
  readonly outputs: ReadonlyMap<string, readonly string[]>;
  readonly repeated: number;
}

/**
 * Reads output topics as DESIGN 3 says: exactly the next number of each `from` is taken, lower ones
 * are repeats. A higher one is a gap, and throws.
 */
export async function readNumbered(log: Log, topics: readonly string[]): Promise<Accepted> {
  const outputs = new Map<string, string[]>();
  let repeated = 0;
  for (const topic of topics) {
    for (let partition = 0; partition < log.topics.get(topic)!.partitions; partition++) {
      for (const record of await readAll(log, topic, partition)) {
        const key = `${record.headers['from']} > ${topic}/${partition}`;
        const taken = outputs.get(key) ?? [];
        outputs.set(key, taken);
        const number = Number(record.headers['number']);
        if (number > taken.length)
          throw new Error(`gap at ${key}: ${number} after ${taken.length}`);
        if (number < taken.length) repeated++;
        else taken.push(outputText(record));
      }
    }
  }
  return { outputs, repeated };
}
