import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BridgeConfig } from '../../src/cli/spark/bridge-config.ts';
import { hasSpark as hasJars, localSettings } from '../../src/cli/spark/java.ts';
import { type SparkEvent, SparkJob } from '../../src/cli/spark/job.ts';
import { isBridgeBuilt } from './built.ts';

export const hasSpark = (): boolean => isBridgeBuilt() && hasJars();

export const fakeRunner = fileURLToPath(
  new URL('../../spark/src/test/fake-runner.ts', import.meta.url),
);

/** A Spark job on this machine whose events and log lines are kept. */
export interface StartedSpark {
  readonly job: SparkJob;
  readonly events: SparkEvent[];
  readonly log: string[];
}

export function startSpark(config: BridgeConfig, cores = 2): StartedSpark {
  const events: SparkEvent[] = [];
  const log: string[] = [];
  const job = SparkJob.start(
    { ...config, spark: { ...localSettings(cores), ...config.spark } },
    {
      brief: true,
      heapMiB: 900,
      onEvent: (event) => events.push(event),
      onLog: (line) => log.push(line),
    },
  );
  return { job, events, log };
}

/** A folder that is removed when `close` is called. */
export async function temporaryFolder(): Promise<{ path: string; close: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'seastate-spark-'));
  return { path, close: () => rm(path, { recursive: true, force: true }) };
}
