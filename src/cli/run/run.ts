import { openLogger } from '../../self/logger.ts';
import type { CliContext } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { loadProgram } from '../load-config.ts';
import { serve } from './serve.ts';

export interface RunFlags extends ConfigFlags {
  readonly listen?: string;
  readonly partitions?: number;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

export async function run(this: CliContext, flags: RunFlags): Promise<void> {
  const loaded = await loadProgram(this, flags);
  const log = await openLogger(loaded.config.process.logging, this.err);
  await serve(this, loaded, log, () => loadProgram(this, flags));
}
