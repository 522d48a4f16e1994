import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, countParser, formatFlag, timeFlag } from '../flags.ts';
import { tailSubjects } from './subject-names.ts';
import type { TailFlags } from './tail.ts';

export const tailCommand = buildCommand<TailFlags, [what?: string, selector?: string], CliContext>({
  loader: async () => (await import('./tail.ts')).tail,
  parameters: {
    flags: {
      ...configFlags,
      from: timeFlag(
        'Log time to begin at: RFC 3339, unix seconds, now, -1h; -10m by default, metrics -1m',
      ),
      to: timeFlag('Log time to end at'),
      follow: {
        kind: 'boolean',
        default: true,
        brief: 'Wait for more',
      },
      limit: {
        kind: 'parsed',
        parse: countParser,
        optional: true,
        placeholder: 'n',
        brief: 'End after so many',
      },
      output: formatFlag,
    },
    aliases: { ...configAliases, o: 'output', n: 'limit' },
    positional: {
      kind: 'tuple',
      parameters: [
        {
          placeholder: 'what',
          optional: true,
          brief: `alerts by default; ${tailSubjects.join(', ')}`,
          parse: String,
        },
        {
          placeholder: 'selector',
          optional: true,
          brief: 'Only what matches, such as \'{severity="critical",cluster=~"prod-.*"}\'',
          parse: String,
        },
      ],
    },
  },
  docs: {
    brief: 'Show alerts, metrics and other records as they come',
    fullDescription:
      'Reads the data folder beside the running process, or without one. A line per record to a ' +
      'pipe, a table to a terminal.',
    customUsage: [
      { input: 'alerts', brief: 'alerts that start and end' },
      { input: `alerts '{severity="critical"}' --from -1d --no-follow`, brief: 'of the last day' },
      {
        input: `metrics '{__name__=~"apiserver_request_total|etcd_.*size.*"}'`,
        brief: 'timestamp, metric, labels and value of chosen series',
      },
      {
        input: `kubernetes-events '{namespace="shop",type="Warning"}'`,
        brief: 'Kubernetes events, from whatever source',
      },
      { input: 'rejected -o json --no-follow', brief: 'what could not be used, and why' },
    ],
  },
});
