import { stringify } from 'yaml';
import { printableConfig } from '../../config/printable.ts';
import type { Config } from '../../config/schema.ts';
import { SeastateError } from '../../core/errors.ts';
import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { type LoadedProgram, loadConfig, loadProgram } from '../load-config.ts';

export interface CheckFlags extends ConfigFlags {
  readonly show?: boolean;
  readonly state?: boolean;
}

export async function check(this: CliContext, flags: CheckFlags, file?: string): Promise<void> {
  const path = file ?? flags.config;
  const given = { ...flags, ...(path === undefined ? {} : { config: path }) };
  const mistakes = await typeMistakes((await loadConfig(this, given)).config);
  const program = await loadProgram(this, given, { tries: true }).catch((error: unknown) => {
    // What the compiler says of the same files is more to the point.
    if (mistakes.length === 0) throw error;
    return undefined;
  });
  mistakes.push(...faultsOf(program));
  if (mistakes.length > 0) throw new SeastateError('user_code', mistakes.join('\n'));
  const { config, sections, code } = program!;
  const state = flags.state ? await (await import('./state.ts')).checkState(program!) : undefined;
  if (state && state.faults.length > 0) {
    throw new SeastateError('user_code', state.faults.join('\n'));
  }
  if (flags.show) {
    this.out.write(stringify(printableConfig(config, sections)));
    return;
  }
  say(this, `${path ?? 'the defaults'}: good (settings version ${config.settings.version})`);
  for (const { name, version, file: from } of code.models) {
    say(this, `model ${name}, version ${version}, from ${from}: tried, good`);
  }
  if (!state) return;
  say(this, `state of ${state.partitions} partitions: goes on`);
  for (const warning of state.warnings) this.err.write(`warning: ${warning}\n`);
}

async function typeMistakes({ process }: Config): Promise<string[]> {
  const files = [...new Set([...process.processors, ...process.models])];
  if (files.length === 0) return [];
  const { typeCheck } = await import('../../user-code/type-check.ts');
  return await typeCheck(files);
}

const faultsOf = (program: LoadedProgram | undefined): string[] =>
  (program?.code.faults ?? []).map(
    ({ file, model, message }) => `${file}: model ${model} fails ${message}`,
  );
