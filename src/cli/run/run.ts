import { openLogger } from '../../self/logger.ts';
import type { CliContext } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { type LoadedProgram, loadProgram } from '../load-config.ts';
import { serve } from './serve.ts';

export interface RunFlags extends ConfigFlags {
  readonly listen?: string;
  readonly partitions?: number;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

export async function run(this: CliContext, flags: RunFlags): Promise<void> {
  // Tried before they run: a model without an end would make every partition stand still.
  const load = () => loadProgram(this, flags, { tries: true });
  const loaded = await load();
  const log = await openLogger(loaded.config.process.logging, this.err);
  const warned = (program: LoadedProgram): LoadedProgram => {
    for (const fault of program.code.faults)
      log.warn({ ...fault }, 'a model fails when it is tried');
    return program;
  };
  await serve(this, warned(loaded), log, async () => warned(await load()));
}
