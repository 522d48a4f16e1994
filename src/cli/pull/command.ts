import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, indexParser, timeFlag } from '../flags.ts';
import type { PullFlags } from './pull.ts';

const text = (placeholder: string, brief: string) =>
  ({ kind: 'parsed', parse: String, placeholder, brief }) as const;

export const pullCommand = buildCommand<PullFlags, [], CliContext>({
  loader: async () => (await import('./pull.ts')).pull,
  parameters: {
    flags: {
      ...configFlags,
      stage: { ...text('name', 'Stage of the state'), default: 'cluster' },
      partition: {
        kind: 'parsed',
        parse: indexParser,
        placeholder: 'n',
        brief: 'Partition to pull',
      },
      at: timeFlag('Begin with the newest snapshot at or before this log time; now by default'),
      until: timeFlag('Take the log up to this log time; to its head by default'),
      to: text('folder', 'New data folder'),
    },
    aliases: configAliases,
  },
  docs: {
    brief: 'Bring the state of a partition here and run on from it',
    fullDescription:
      'Copies a snapshot, the log since, and the bundles and skips that belong to them into a data ' +
      'folder of their own, and runs the stage there: its outputs are, number by number and byte by ' +
      'byte, those of the running program. Where the log reaches back no further, the state is that of ' +
      'a kept snapshot, as it stood. Reads only, beside that program.',
    customUsage: ['--partition 3 --at -2h --to ./pulled'],
  },
});
