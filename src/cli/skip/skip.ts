import { snapshotsOf } from '../../config/layout.ts';
import { SeastateError } from '../../core/errors.ts';
import { snapshotStore } from '../../engine/runtime/embedded/runtime.ts';
import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { loadConfig } from '../load-config.ts';

export interface SkipFlags extends ConfigFlags {
  readonly stage: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly force: boolean;
}

export async function skip(this: CliContext, flags: SkipFlags): Promise<void> {
  const { stage, partition, offset, reason, force } = flags;
  const { config } = await loadConfig(this, flags);
  const store = snapshotStore(snapshotsOf(config.process), stage, partition);
  const halted = await store.attempts();
  if (halted?.offset !== offset && !force) {
    const where = halted ? `at offset ${halted.offset}` : 'nowhere';
    throw new SeastateError(
      'usage',
      `stage ${stage}, partition ${partition} of ${config.process.data} halted ${where}, not at ` +
        `${offset}; --force leaves the record out all the same`,
    );
  }
  await store.addSkip(offset, reason);
  say(this, `stage ${stage}, partition ${partition}: the record at offset ${offset} is left out`);
}
