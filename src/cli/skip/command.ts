import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, indexParser } from '../flags.ts';
import type { SkipFlags } from './skip.ts';

export const skipCommand = buildCommand<SkipFlags, [], CliContext>({
  loader: async () => (await import('./skip.ts')).skip,
  parameters: {
    flags: {
      ...configFlags,
      stage: {
        kind: 'parsed',
        parse: String,
        default: 'cluster',
        placeholder: 'name',
        brief: 'Stage that halted',
      },
      partition: {
        kind: 'parsed',
        parse: indexParser,
        placeholder: 'n',
        brief: 'Partition that halted',
      },
      offset: {
        kind: 'parsed',
        parse: indexParser,
        placeholder: 'n',
        brief: 'Record to leave out',
      },
      reason: {
        kind: 'parsed',
        parse: String,
        placeholder: 'text',
        brief: 'Why, for those who ask later',
      },
      force: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Though it is not the record that the partition halted at',
      },
    },
    aliases: configAliases,
  },
  docs: {
    brief: 'Leave out a record at which a partition halted',
    fullDescription:
      'Writes the decision beside the snapshots; the partition goes on within seconds, or at the ' +
      'next start. The record stays in the log, and what was in it is in no result.',
    customUsage: ['--partition 3 --offset 8121 --reason "ends the runner, issue 12"'],
  },
});
