import { buildCommand } from '@stricli/core';
import { parseDuration } from '../../core/time.ts';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, countParser, timeFlag } from '../flags.ts';
import type { ExplainFlags } from './series.ts';

export const explainCommand = buildCommand<ExplainFlags, [what: string], CliContext>({
  loader: async () => (await import('./explain.ts')).explain,
  parameters: {
    flags: {
      ...configFlags,
      at: timeFlag('Of series: as it was at this log time; now by default'),
      since: {
        kind: 'parsed',
        parse: parseDuration,
        default: '15m',
        placeholder: 'duration',
        brief: 'Of series: how far back samples are scored again, to say what became of them',
      },
      partition: {
        kind: 'parsed',
        parse: wholeNumber,
        optional: true,
        placeholder: 'n',
        brief: 'Of series: only this partition',
      },
      limit: {
        kind: 'parsed',
        parse: countParser,
        default: '10',
        placeholder: 'n',
        brief: 'Series at most',
      },
      output: {
        kind: 'enum',
        values: ['text', 'json'],
        default: 'text',
        brief: 'Form of the output',
      },
    },
    aliases: { ...configAliases, o: 'output', n: 'limit' },
    positional: {
      kind: 'tuple',
      parameters: [
        {
          placeholder: 'what',
          brief: 'A selector of series, or the id (subject) of an anomaly or event',
          parse: String,
        },
      ],
    },
  },
  docs: {
    brief: 'Say why something was told, or why not',
    fullDescription:
      'Of series: which route and model score them, what the model knows and expects, and what ' +
      'became of the newest samples: told, or why not. The state is made from snapshot and log ' +
      'here, beside the running process, which notices nothing. Of an anomaly: what was seen ' +
      'and expected, what contributed, what else was open. Of an event: its evidence, what was ' +
      'missing, its phases, parent and effects, and the rule.',
    customUsage: [
      { input: `'etcd_mvcc_db_total_size_in_bytes{cluster="east-1"}'`, brief: 'why no alarm?' },
      { input: `'{pod=~"web-.*"}' --at -2h`, brief: 'and two hours ago?' },
      { input: 'e0f3a91c2b5d7e846', brief: 'an event, by its id' },
      { input: 'a1b2c3d4e5f60718293a4b5c -o json', brief: 'an anomaly, for programs' },
    ],
  },
});

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`"${text}" is not a whole number`);
  return Number(text);
}
