import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags } from '../flags.ts';
import type { CheckFlags } from './check.ts';

export const checkCommand = buildCommand<CheckFlags, [file?: string], CliContext>({
  loader: async () => (await import('./check.ts')).check,
  parameters: {
    flags: {
      ...configFlags,
      show: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Print the configuration in force, with defaults and without secrets',
      },
      state: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Try it on the newest snapshots in the data folder, in memory',
      },
    },
    aliases: configAliases,
    positional: {
      kind: 'tuple',
      parameters: [
        { placeholder: 'file', optional: true, brief: 'Configuration file', parse: String },
      ],
    },
  },
  docs: {
    brief: 'Check a configuration file',
    fullDescription:
      'Reads the file as `run` would, and the files that it refers to. Every mistake is told at ' +
      'once as file:line:column: key: what is wrong. Processors and models of your own are ' +
      'type-checked, and models tried on made-up series. With --state the newest snapshots are ' +
      'loaded with this code, in memory: states of older versions must be mended, and selectors ' +
      'that no series there matches are told as warnings. Exits 1 when there is any mistake.',
    customUsage: [
      { input: 'seastate.yaml', brief: 'is it good?' },
      { input: '--show seastate.yaml', brief: 'what is in force?' },
      { input: '--state seastate.yaml', brief: 'will what is known go on?' },
      { input: '--show --set process.partitions=64', brief: 'defaults with one change' },
      '[file]',
    ],
  },
});
