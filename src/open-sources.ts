import { join } from 'node:path';
import { dataLayout } from './config/layout.ts';
import type { Config } from './config/schema.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { Log } from './log/log.ts';
import { rejectedTopic } from './log/topics.ts';
import { kafkaConnectionOf } from './open-log.ts';
import { within } from './sources/deadline.ts';
import { type Run, type SourceStatus, Supervised } from './sources/supervised.ts';

export interface SourcesParts {
  readonly gateway: Gateway;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly warn: (fields: object, message: string) => void;
}

/** Everything that this process fetches by itself. */
export interface Sources {
  start(): void;
  /** Resolves when what is on its way is durable, or after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
  status(): readonly SourceStatus[];
}

/** The sources of the configuration; nothing is opened before `start`. */
export function openSources(config: Config, parts: SourcesParts): Sources {
  const { kafka, kubernetes, retry_max: retryMaxMs } = config.process.sources;
  const supervised = [
    ...kafka.map((section) => {
      const name = section.name ?? section.topic;
      const run = (run: Run) => readTopic(config, section, name, run, parts);
      return new Supervised(
        { kind: 'kafka', name, tenant: section.tenant, run, retryMaxMs },
        parts,
      );
    }),
    ...kubernetes.map((section) => {
      const { cluster, tenant } = section;
      const name = section.name ?? cluster;
      const run = (run: Run) => watchEvents(config, section, name, run, parts);
      return new Supervised({ kind: 'kubernetes', name, tenant, run, retryMaxMs }, parts);
    }),
  ];
  return {
    start: () => {
      for (const source of supervised) source.start();
    },
    stop: async (timeoutMs) => {
      const stopped = Promise.all(supervised.map((source) => source.stop()));
      if (await within(timeoutMs, stopped)) return;
      parts.warn({}, 'sources do not end: what they had under way is read again');
    },
    status: () => supervised.map((source) => source.status()),
  };
}

type KafkaSection = Config['process']['sources']['kafka'][number];

async function readTopic(
  { process: { limits } }: Config,
  section: KafkaSection,
  name: string,
  { signal, counters, reading }: Run,
  { gateway, log, now, warn }: SourcesParts,
): Promise<void> {
  const { TopicSource } = await import('./sources/kafka-topic/topic-source.ts');
  const { topic, tenant, cluster, group, format, start } = section;
  const sender = { name: cluster ?? name, tenant };
  const trouble = seldom(warn);
  const source = await TopicSource.open(
    {
      ...{ name, tenant, topic, format, group, start },
      kafka: {
        ...kafkaConnectionOf(section),
        onTrouble: (error) => trouble({ source: `kafka/${name}`, error: error.message }),
      },
      clusters: { fields: section.cluster_fields, cluster },
      holdMs: section.hold,
      batchRecords: section.batch_records,
      commitMs: section.commit_interval,
      decodedBytesMax: limits.decoded_size,
      eventBytesMax: limits.event_size,
      rejectedBytesMax: limits.rejected_size,
    },
    {
      write: async ({ protocol, body }) => {
        const refusal = gateway.refusal(sender, body.length);
        if (refusal) return refusal;
        if (!gateway.roomOf(sender).reserve(body.length)) return gateway.overloaded(sender);
        // A body may be a part of all that was fetched: what is kept is a copy.
        return gateway.write({ protocol, body, isShared: true, sender, retryAttempt: 0 });
      },
      append: (owner, event) => gateway.append('kubernetes-event', owner, event),
      reject: (records) => log.append(rejectedTopic, 0, records),
      elapsed: () => performance.now(),
      onReading: () => reading(() => source.lag),
      ...{ now, warn, counters },
    },
    signal,
  );
  const close = (): void => void source.close();
  signal.addEventListener('abort', close);
  try {
    if (signal.aborted) return;
    await source.run();
  } finally {
    signal.removeEventListener('abort', close);
    await source.close();
  }
}

type KubernetesSection = Config['process']['sources']['kubernetes'][number];

async function watchEvents(
  { process: { data, limits } }: Config,
  { cluster, tenant, kubeconfig, context, namespaces, page_size, watch_timeout }: KubernetesSection,
  name: string,
  { signal, counters, reading }: Run,
  { gateway, log, now }: SourcesParts,
): Promise<void> {
  const { KubernetesApi } = await import('./sources/kubernetes/watch/api.ts');
  const { EventWatch } = await import('./sources/kubernetes/watch/event-watch.ts');
  const { WatchPositions } = await import('./sources/kubernetes/watch/position.ts');
  const api = await KubernetesApi.open({ kubeconfig, context });
  const file = `kubernetes-${encodeURIComponent(name)}.json`;
  const watch = new EventWatch(
    {
      ...{ name, tenant, cluster, namespaces },
      pageSize: page_size,
      watchMs: watch_timeout,
      eventBytesMax: limits.event_size,
      rejectedBytesMax: limits.rejected_size,
    },
    {
      ...{ api, now, counters },
      positions: await WatchPositions.open(join(dataLayout(data).sources, file), api.server),
      append: (owner, event) => gateway.append('kubernetes-event', owner, event),
      reject: (records) => log.append(rejectedTopic, 0, records),
      onReading: () => reading(() => null),
    },
    signal,
  );
  await watch.run();
}

const tellAgainMs = 60_000;

/** Trouble that lasts is told once a minute. */
function seldom(warn: SourcesParts['warn']): (fields: object) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (fields) => {
    if (performance.now() - told < tellAgainMs) return;
    told = performance.now();
    warn(fields, 'trouble with the brokers of a source');
  };
}
