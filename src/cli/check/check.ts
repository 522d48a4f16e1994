import { stringify } from 'yaml';
import { printableConfig } from '../../config/printable.ts';
import { type CliContext, say } from '../context.ts';
import { loadProgram } from '../load-config.ts';
import type { CheckFlags } from './command.ts';

export async function check(this: CliContext, flags: CheckFlags, file?: string): Promise<void> {
  const path = file ?? flags.config;
  const { config, sections } = await loadProgram(this, {
    ...flags,
    ...(path === undefined ? {} : { config: path }),
  });
  if (flags.show) this.out.write(stringify(printableConfig(config, sections)));
  else say(this, `${path ?? 'the defaults'}: good (settings version ${config.settings.version})`);
}
