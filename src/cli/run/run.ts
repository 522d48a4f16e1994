import { openLogger } from '../../self/logger.ts';
import type { CliContext } from '../context.ts';
import { loadProgram } from '../load-config.ts';
import type { RunFlags } from './command.ts';
import { serve } from './serve.ts';

export async function run(this: CliContext, flags: RunFlags): Promise<void> {
  const loaded = await loadProgram(this, flags);
  const log = await openLogger(loaded.config.process.logging, this.err);
  await serve(this, loaded, log, () => loadProgram(this, flags));
}
