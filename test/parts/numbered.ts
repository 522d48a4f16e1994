import type { Log, LogRecord } from '../../src/log/log.ts';

/** Every record of a partition that the log still holds, from an offset on. */
export async function readAll(
  log: Log,
  topic: string,
  partition: number,
  from = 0,
): Promise<LogRecord[]> {
  const { first, next } = await log.bounds(topic, partition);
  const all: LogRecord[] = [];
  for (let at = Math.max(first, from); at < next; ) {
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
 * are repeats. A higher one is a gap, and throws. Goes on where it stopped.
 */
export class NumberedReader implements Accepted {
  readonly outputs = new Map<string, string[]>();
  repeated = 0;
  readonly #log: Log;
  readonly #topics: readonly string[];
  readonly #next = new Map<string, number>();

  constructor(log: Log, topics: readonly string[]) {
    this.#log = log;
    this.#topics = topics;
  }

  /** Reads what there is by now. */
  async read(): Promise<this> {
    for (const topic of this.#topics) {
      for (let partition = 0; partition < this.#log.topics.get(topic)!.partitions; partition++) {
        const place = `${topic}/${partition}`;
        for (const record of await readAll(this.#log, topic, partition, this.#next.get(place))) {
          this.#take(place, record);
          this.#next.set(place, record.offset + 1);
        }
      }
    }
    return this;
  }

  #take(place: string, record: LogRecord): void {
    const key = `${record.headers['from']} > ${place}`;
    const taken = this.outputs.get(key) ?? [];
    this.outputs.set(key, taken);
    const number = Number(record.headers['number']);
    if (number > taken.length) throw new Error(`gap at ${key}: ${number} after ${taken.length}`);
    if (number < taken.length) this.repeated++;
    else taken.push(outputText(record));
  }
}

export const readNumbered = (log: Log, topics: readonly string[]): Promise<Accepted> =>
  new NumberedReader(log, topics).read();
