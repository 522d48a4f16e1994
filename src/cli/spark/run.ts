import type { BridgeConfig } from './bridge-config.ts';
import { localSettings } from './java.ts';
import { SparkJob, type SparkJobOptions } from './job.ts';

export interface RunOptions extends SparkJobOptions {
  /** Task slots; as many runners per stage. */
  readonly cores: number;
  /** Ends the job in order. */
  readonly signal: AbortSignal;
}

/** Runs a job in one JVM on this machine; resolves to its exit code. */
export async function runSpark(config: BridgeConfig, options: RunOptions): Promise<number> {
  const spark = { ...localSettings(options.cores), ...config.spark };
  const job = SparkJob.start({ ...config, spark }, options);
  const stop = (): void => void job.stop();
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    return await job.ended;
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}
