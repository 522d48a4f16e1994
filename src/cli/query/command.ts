import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, countParser, formatFlag } from '../flags.ts';
import type { QueryFlags } from './query.ts';

export const queryCommand = buildCommand<QueryFlags, [sql: string], CliContext>({
  loader: async () => (await import('./query.ts')).query,
  parameters: {
    flags: {
      ...configFlags,
      limit: {
        kind: 'parsed',
        parse: countParser,
        default: '10000',
        placeholder: 'n',
        brief: 'Rows at most',
      },
      output: formatFlag,
    },
    aliases: { ...configAliases, o: 'output', n: 'limit' },
    positional: {
      kind: 'tuple',
      parameters: [
        { placeholder: 'sql', brief: 'One SELECT (SQLite); - reads it from stdin', parse: String },
      ],
    },
  },
  docs: {
    brief: 'Ask by SQL what was found',
    fullDescription:
      'Tables: alerts, anomalies, events, incidents, status, rejected, each with the newest ' +
      'revision of a subject; the first four also as NAME_history with all. Columns: tenant, subject, ' +
      'revision, type, state, cluster, start_ms, end_ms, data (JSON), log_time; alerts also ' +
      'alertname, severity, labels (JSON), value. Times are ms since the epoch.',
    customUsage: [
      {
        input: `"SELECT cluster, alertname, datetime(start_ms/1000, 'unixepoch') AS since FROM alerts WHERE state = 'firing'"`,
        brief: 'what fires',
      },
      {
        input:
          '"SELECT alertname, count(*) AS times FROM alerts GROUP BY 1 ORDER BY 2 DESC" -o csv',
        brief: 'the loudest',
      },
    ],
  },
});
