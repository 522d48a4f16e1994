import { text } from '../core/bytes.ts';
import { messageOf } from '../core/errors.ts';
import { DefaultedWatch, defaultedText } from '../engine/defaulted.ts';
import type { StatusData } from '../engine/status-schema.ts';
import type { UnmatchedWatch } from '../engine/unmatched.ts';
import type { Log, LogRecord } from '../log/log.ts';
import type { LiveHub } from './live-hub.ts';

/** Topics of which every output is told to the live stream, and the name of the event there. */
const liveTopics: Readonly<Record<string, string>> = {
  alerts: 'alert',
  anomalies: 'anomaly',
  events: 'event',
  incidents: 'incident',
};

/** The newest `status` of every partition of a stage, its parts put together. */
export class StatusBook {
  /**
   * By stage and partition, in order of parts; a part that has not come yet is of the time before.
   */
  readonly #latest = new Map<string, StatusData[]>();

  take(data: StatusData): void {
    const key = `${data.stage}/${data.partition}`;
    const parts = (this.#latest.get(key) ?? []).slice(0, data.parts ?? 1);
    parts[data.part ?? 0] = data;
    this.#latest.set(key, parts);
  }

  /** In order of stage and partition. */
  all(): StatusData[] {
    return [...this.#latest.values()]
      .flatMap((parts) => {
        const there = parts.filter((part) => part !== undefined);
        const lists = {
          clusters: there.flatMap(({ clusters }) => clusters),
          senders: there.flatMap(({ senders }) => senders),
          // Records of older programs have none.
          notes: there.flatMap(({ notes }) => notes ?? []),
        };
        return parts[0] ? [{ ...parts[0], ...lists }] : [];
      })
      .sort((a, b) => a.stage.localeCompare(b.stage) || a.partition - b.partition);
  }
}

export interface FollowParts {
  readonly log: Log;
  readonly live: LiveHub;
  readonly book: StatusBook;
  readonly unmatched: UnmatchedWatch;
  readonly warn: (fields: object, message: string) => void;
}

/** Tells the live stream what comes out from now on, and keeps the newest status. */
export async function followOutputs(parts: FollowParts, signal: AbortSignal): Promise<void> {
  const tellLive = (event: string) => (record: LogRecord) => {
    const { subject, data } = eventOf(record);
    parts.live.publish(event, { ...data, subject }, record.headers['tenant']);
  };
  const defaulted = new DefaultedWatch((stage, processor) => {
    parts.warn({ stage, processor }, defaultedText(processor));
  });
  const topics = Object.entries(liveTopics).filter(([topic]) => parts.log.topics.has(topic));
  await Promise.all([
    ...topics.map(([topic, event]) => follow(parts, topic, 0, tellLive(event), signal)),
    follow(
      parts,
      'status',
      statusBacklog,
      (record) => {
        const { data } = eventOf<StatusData>(record);
        parts.book.take(data);
        parts.unmatched.take(data);
        defaulted.take(data);
      },
      signal,
    ),
  ]);
}

/** Records of `status` read at the start: enough that every partition has one among them. */
const statusBacklog = 4_096;

const eventOf = <T extends object>(record: LogRecord): { subject: string; data: T } =>
  JSON.parse(text(record.value!));

async function follow(
  { log, warn }: FollowParts,
  topic: string,
  backlog: number,
  take: (record: LogRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { first, next } = await log.bounds(topic, 0);
    const from = Math.max(first, next - backlog);
    for await (const records of log.follow(topic, 0, from, signal)) {
      for (const record of records) if (record.value !== null) take(record);
    }
  } catch (error) {
    if (!signal.aborted) warn({ topic, error: messageOf(error) }, 'topic cannot be followed');
  }
}
