import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, countParser, listenFlag } from '../flags.ts';
import type { DemoFlags } from './demo.ts';

export const demoCommand = buildCommand<DemoFlags, [], CliContext>({
  loader: async () => (await import('./demo.ts')).demo,
  parameters: {
    flags: {
      ...configFlags,
      listen: listenFlag,
      clusters: {
        kind: 'parsed',
        parse: countParser,
        default: '5',
        placeholder: 'n',
        brief: 'Simulated clusters',
      },
      seed: {
        kind: 'parsed',
        parse: countParser,
        default: '1',
        placeholder: 'n',
        brief: 'The same seed makes the same fleet',
      },
    },
    aliases: configAliases,
  },
  docs: {
    brief: 'Run with a simulated fleet of clusters and open the live page',
    fullDescription:
      'Runs as `run` does, with a data folder that is thrown away unless --data is given, and ' +
      'sends it the metrics of a simulated fleet over HTTP, beginning two hours ago, so that ' +
      'something fires within the first minute. The faults are scripted and repeat with the seed.',
    customUsage: [
      { input: '', brief: 'five clusters' },
      { input: '--clusters 20 --seed 7', brief: 'a larger fleet, other faults' },
    ],
  },
});
