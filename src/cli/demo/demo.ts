import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { openLogger } from '../../self/logger.ts';
import { checkBind } from '../../server/bind.ts';
import { listenOf } from '../../server/from-config.ts';
import { createFleet } from '../../sources/simulator/fleet.ts';
import { EventSender } from '../../sources/simulator/sender/event-sender.ts';
import { type SimulatorStats, startSimulator } from '../../sources/simulator/simulator.ts';
import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { type LoadedProgram, loadProgram } from '../load-config.ts';
import { serve } from '../run/serve.ts';

export interface DemoFlags extends ConfigFlags {
  readonly listen?: string;
  readonly clusters: number;
  readonly seed: number;
}

/** The simulated fleet begins so long ago, so that something fires at once. */
const backlogMs = 2 * 3_600_000;
const tenant = 'demo';
/** Enough to look at, and the backlog is there within seconds. */
const seriesPerCluster = 1_000;

export async function demo(this: CliContext, flags: DemoFlags): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'seastate-demo-'));
  const ending = new AbortController();
  const signal = AbortSignal.any([this.signal, ending.signal]);
  try {
    const token = randomBytes(24).toString('hex');
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, token, { mode: 0o600 });
    const data = join(folder, 'data');
    const load = async (): Promise<LoadedProgram> => {
      const loaded = await loadProgram(this, flags.data ? flags : { ...flags, data });
      return { ...loaded, config: withDemoTenant(loaded.config, tokenFile) };
    };
    const loaded = await load();
    const level = loaded.config.process.logging.level;
    const quiet = { ...loaded.config.process.logging, level: level === 'info' ? 'warn' : level };
    const log = await openLogger(quiet, this.err);
    await serve({ signal }, loaded, log, load, ({ url }) => {
      say(this, greeting(url, flags, loaded.config.process.data));
      simulate(this, flags, url, token, signal).catch((error: unknown) => {
        log.error({ error }, 'the simulated fleet ended');
        ending.abort('simulator');
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The fleet writes as a tenant of its own; whoever comes without credentials sees everything. */
function withDemoTenant(config: Config, tokenFile: string): Config {
  const { auth, listen } = config.process;
  checkBind(listenOf(listen), {
    authenticated: auth.credentials.length > 0,
    allowUnauthenticated: auth.allow_unauthenticated,
  });
  const fleet = {
    name: 'simulated-fleet',
    tenant,
    roles: ['write' as const],
    bearer: { token_file: tokenFile },
  };
  return {
    ...config,
    process: {
      ...config.process,
      auth: {
        ...auth,
        credentials: [...auth.credentials, fleet],
        allow_unauthenticated: auth.credentials.length === 0 || auth.allow_unauthenticated,
      },
    },
  };
}

async function simulate(
  context: CliContext,
  { seed, clusters }: DemoFlags,
  url: string,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const liveMs = context.now();
  const startMs = liveMs - backlogMs;
  const headers = { authorization: `Bearer ${token}` };
  const events = new EventSender({
    url: `${url}/api/v1/events`,
    headers,
    signal,
    onError: (message) => say(context, message),
  });
  const fleet = createFleet({
    seed,
    clusters,
    seriesPerCluster,
    startMs,
    liveMs,
    onKubernetesEvent: (event) => events.push(event),
  });
  const sending = events.run();
  const simulator = startSimulator({
    fleet,
    url: `${url}/api/v1/write`,
    headers,
    signal,
    onError: ({ cluster, status, reason, willRetry }) => {
      if (!willRetry) say(context, `${cluster}: a write was refused (${status}): ${reason}`);
    },
  });
  await Promise.race([simulator.live, simulator.ended]);
  if (!signal.aborted) {
    say(context, caughtUp(simulator.stats(), context.now() - liveMs));
  }
  await Promise.all([simulator.ended, sending]);
}

function greeting(url: string, { clusters, data }: DemoFlags, folder: string): string {
  return `
Seastate runs on ${url}  (Ctrl-C ends it${data ? '' : ', and the data is thrown away'})

  the live page   ${url}/
  what fires      curl ${url}/api/v1/alerts
  how it goes     seastate status --url ${url}
  look into it    seastate tail anomalies --data ${folder}

Point a Prometheus at it:

  remote_write:
    - url: ${url}/api/v1/write
      protobuf_message: io.prometheus.write.v2.Request   # Prometheus 3; leave it out before
  global:
    external_labels: {cluster: my-cluster}

Sending the last two hours of ${clusters} simulated clusters ...`;
}

function caughtUp({ samples, series }: SimulatorStats, tookMs: number): string {
  const count = new Intl.NumberFormat('en').format(samples);
  return `... ${count} samples of ${series} series in ${(tookMs / 1000).toFixed(1)} s; now it runs with the clock.`;
}
