import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags } from '../flags.ts';
import type { RekeyFlags } from './rekey.ts';

export const rekeyCommand = buildCommand<RekeyFlags, [], CliContext>({
  loader: async () => (await import('./rekey.ts')).rekey,
  parameters: {
    flags: {
      ...configFlags,
      to: {
        kind: 'parsed',
        parse: String,
        placeholder: 'file',
        brief: 'Configuration of the program that goes on: another log, data folder, partitions',
      },
    },
    aliases: configAliases,
  },
  docs: {
    brief: 'Move the state to another log or number of partitions',
    fullDescription:
      'Stop the program first. Brings every partition to the head of its log, divides the states by ' +
      'cluster, and writes them as the first snapshots of the other log, in a new epoch: open alerts, ' +
      'models and counters go on there. Past outputs are copied where the other log has none. ' +
      'Nothing of the old log or data folder is taken away.',
    customUsage: ['-c seastate.yaml --to on-kafka.yaml'],
  },
});
