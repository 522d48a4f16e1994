import { availableParallelism } from 'node:os';
import { setInterval as every, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dataLayout, snapshotsOf } from './config/layout.ts';
import type { Config } from './config/schema.ts';
import { SeastateError } from './core/errors.ts';
import { EmbeddedRuntime } from './engine/runtime/embedded/runtime.ts';
import { UnmatchedWatch, unmatchedText } from './engine/unmatched.ts';
import { Control } from './gateway/control.ts';
import { gatewayOptionsOf } from './gateway/from-config.ts';
import { Gateway } from './gateway/gateway.ts';
import { SettingsFile } from './gateway/settings-file.ts';
import type { Log } from './log/log.ts';
import { telemetryTopic } from './log/topics.ts';
import { type OpenedLog, openLog } from './open-log.ts';
import { openSources } from './open-sources.ts';
import { buildInfo } from './self/build.ts';
import type { Logger } from './self/logger.ts';
import { OwnMetrics } from './self/metrics.ts';
import { followOutputs, StatusBook } from './server/follow-outputs.ts';
import { serverOptionsOf } from './server/from-config.ts';
import { letHeapGrow } from './server/heap.ts';
import { LiveHub } from './server/live-hub.ts';
import type { ServerParts } from './server/parts.ts';
import { startServer } from './server/server.ts';
import { statusReport } from './server/status-report.ts';
import { sinkOptionsOf } from './sinks/prometheus/from-config.ts';
import { PrometheusSink } from './sinks/prometheus/sink.ts';
import { openView } from './sinks/sqlite-view/view.ts';
import { Deadline, within } from './sources/deadline.ts';
import { EventReceiver } from './sources/kubernetes/receiver.ts';
import { RemoteWriteHandler } from './sources/remote-write/handler.ts';
import { type Program, settingsOf, topicsOf } from './user-code/program.ts';

export interface StartParts {
  readonly log: Logger;
  /** Reads the configuration again for `/-/reload` and hands it over; rejects when either fails. */
  readonly reload: (putInForce: (next: Program) => Promise<void>) => Promise<void>;
}

/** The program as it runs. */
export interface Running {
  readonly url: string;
  /** Resolves when it ends by itself, rejects when it cannot go on. */
  readonly ended: Promise<void>;
  reload(): Promise<void>;
  /** Drains, makes snapshots, closes: within `process.shutdown_timeout`, done or not. */
  stop(): Promise<void>;
}

/** Puts the parts together (DESIGN 1) and starts them from the log outwards. */
export async function start(program: Program, parts: StartParts): Promise<Running> {
  const { config } = program;
  let inForce = program;
  letHeapGrow();
  const layout = dataLayout(config.process.data);
  const { log: logger } = parts;
  const warn = (fields: object, message: string): void => logger.warn(fields, message);
  const now = Date.now;
  const startedMs = now();
  const stopping = new AbortController();

  const topics = topicsOf(program);
  const opened = await openLog(config, topics, { now, warn });
  const { log } = opened;
  const view = await openView(layout.view);
  const gateway = new Gateway(gatewayOptionsOf(config), {
    log,
    now,
    random: Math.random,
    warn,
  });
  const settingsFile = new SettingsFile(layout.settings);
  const control = new Control({
    log,
    topics: [telemetryTopic],
    settings: await settingsFile.read(),
    keep: (mark) => settingsFile.write(mark),
  });
  const runtime = openRuntime(config, log, (message, details) => warn(details, message));
  const live = new LiveHub({ epoch: String(now()) });
  const book = new StatusBook();
  const placesOf = (processor: string, selector: string): readonly string[] => {
    const places = inForce.placesOf(processor, selector);
    if (places.length > 0) return places;
    return inForce.code.processors.flatMap(({ name, file }) => (name === processor ? [file] : []));
  };
  const unmatched = new UnmatchedWatch((one) => {
    const { processor, selector } = one;
    warn({ processor, where: placesOf(processor, selector).join(', ') }, unmatchedText(one));
  });
  const { limits } = config.process;
  const events = new EventReceiver(
    (owner, event) => gateway.append('kubernetes-event', owner, event),
    {
      recordBytesMax: limits.event_size,
      documentBytesMax: limits.body_size,
      bodyBytesMax: limits.events_body_size,
      now,
    },
  );
  const sources = openSources(config, { gateway, log, now, random: Math.random, warn });
  const sinks = sinkOptionsOf(config, { now, random: Math.random, warn }).map(
    (options) => new PrometheusSink(options),
  );
  const metrics = new OwnMetrics({
    gateway,
    log: opened,
    runtime,
    sources,
    events,
    sinks,
    book,
    live,
  });

  const putInForce = async (next: Program): Promise<void> => {
    await control.writeSettings(await settingsOf(next));
    inForce = next;
  };
  const reload = async (): Promise<void> => {
    metrics.reloads.lastSuccessful = false;
    await parts.reload(async (next) => {
      checkTopics(next, log);
      await putInForce(next);
      gateway.configure(gatewayOptionsOf(next.config));
      await server.configure(serverOptionsOf(next.config, pageFolder));
    });
    metrics.reloads.lastSuccessful = true;
    metrics.reloads.lastSuccessSeconds = now() / 1000;
  };
  const serverParts: ServerParts = {
    write: new RemoteWriteHandler(gateway, { bodyBytesMax: limits.body_size }),
    receiveEvents: (tenant, cluster, body) => events.receive(tenant, cluster, body),
    feedback: (owner, value) => gateway.append('feedback', owner, value),
    // A halted partition is no reason to send writes away: they are kept, and it is told elsewhere.
    notReady: () => gateway.notReady,
    reload,
    metrics: (accept) => metrics.render(accept),
    alerts: async (query) => view.alerts(query),
    intervals: async (topic, query) => view.intervals(topic, query),
    status: async (tenant) =>
      statusReport({
        tenant,
        version: buildInfo.version,
        startedMs,
        nowMs: now(),
        counters: gateway.counters,
        feeds: runtime?.status() ?? [],
        sources: sources.status(),
        heads: await headsOf(log),
        stages: book.all(),
        placesOf,
      }),
    buildInfo,
    live,
    now,
    warn,
  };

  const server = await startServer(serverOptionsOf(config, pageFolder), serverParts);
  const following = Promise.all([
    view.follow(log, stopping.signal),
    followOutputs({ log, live, book, unmatched, warn }, stopping.signal),
    ...sinks.map((sink) => sink.follow(log, stopping.signal)),
  ]);
  // A failing log ends the program by `ended`; what follows it must not end it another way.
  following.catch((error: unknown) => warn({ error }, 'outputs are followed no more'));
  runtime?.start();
  if (!runtime) holdNothing(log);
  // Settings first: what comes after them is read by them.
  const open = async (): Promise<void> => {
    await putInForce(program);
    await gateway.start();
    sources.start();
  };
  // A full journal has room again once the stages, which run by now, have told what they need.
  const openLater = async (): Promise<void> => {
    do await sleep(1_000, undefined, { signal: stopping.signal });
    while (!(await taken(open, warn)));
  };
  const opening = (await taken(open, warn)) ? undefined : openLater();

  const stopAll = async (deadline: Deadline): Promise<void> => {
    await server.stop(deadline.left(0.4));
    await sources.stop(deadline.left(0.6));
    await gateway.stop();
    const notDrained = (error: unknown): void => warn({ error }, 'stopped before the log was run');
    await runtime?.stop(deadline.left(0.8)).catch(notDrained);
    stopping.abort();
    await following.catch(() => {});
    view.close();
    await log.close();
  };
  const stop = async (): Promise<void> => {
    const deadline = new Deadline(inForce.config.process.shutdown_timeout);
    if (await within(deadline.left(), stopAll(deadline))) return;
    warn({}, 'process.shutdown_timeout is over: what is left is made up for at the next start');
  };
  const ended = Promise.all([watchLog(opened, stopping.signal), opening]).then(() => {});
  return { url: server.url, ended, reload, stop };
}

/** False when the log takes nothing now. */
async function taken(
  write: () => Promise<void>,
  warn: (fields: object, message: string) => void,
): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!(error instanceof SeastateError) || error.retry !== 'later') throw error;
    warn({ error: error.message }, 'the log takes nothing yet: no requests are taken');
    return false;
  }
}

/** Where another process runs the stages, or nobody, nothing here needs what retention deletes. */
function holdNothing(log: Log): void {
  const { partitions } = log.topics.get(telemetryTopic)!;
  for (let p = 0; p < partitions; p++) log.keepFrom(telemetryTopic, p, Number.POSITIVE_INFINITY);
}

/** Rejects when the log can take nothing any more. */
async function watchLog(log: OpenedLog, signal: AbortSignal): Promise<void> {
  for await (const _ of every(1_000, undefined, { signal, ref: false })) {
    const failure = log.failure();
    if (failure) throw failure;
  }
}

async function headsOf(log: Log): Promise<number[]> {
  const { partitions } = log.topics.get(telemetryTopic)!;
  return await Promise.all(
    Array.from({ length: partitions }, async (_, p) => (await log.bounds(telemetryTopic, p)).next),
  );
}

/** The built page, beside src/ and dist/. */
const pageFolder = fileURLToPath(new URL('../web/dist', import.meta.url));

function openRuntime(
  { process }: Config,
  log: Log,
  warn: (message: string, details: object) => void,
): EmbeddedRuntime | undefined {
  if (process.runtime !== 'embedded') return undefined;
  return new EmbeddedRuntime({
    log,
    stage: 'cluster',
    topic: telemetryTopic,
    folder: snapshotsOf(process),
    entry: new URL(
      import.meta.url.endsWith('.ts') ? './runner.ts' : './runner.js',
      import.meta.url,
    ),
    threads: process.workers ?? Math.max(1, availableParallelism() - 1),
    heapMiB: 4_096,
    buffersBytes: process.worker_buffers_size,
    snapshotEveryMs: process.snapshots.interval,
    kept: process.snapshots,
    deadlineMs: 60_000,
    warn,
  });
}

/** A log's topics stand when it is opened. */
function checkTopics(program: Program, log: Log): void {
  const missing = topicsOf(program)
    .map(({ name }) => name)
    .filter((name) => !log.topics.has(name));
  if (missing.length === 0) return;
  throw new SeastateError(
    'restart_needed',
    `processors write to new topics (${missing.join(', ')}): restart to have them`,
  );
}
