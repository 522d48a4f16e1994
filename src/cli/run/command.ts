import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { configAliases, configFlags, countParser, listenFlag } from '../flags.ts';
import type { RunFlags } from './run.ts';

const runFlags = {
  ...configFlags,
  listen: listenFlag,
  partitions: {
    kind: 'parsed',
    parse: countParser,
    optional: true,
    placeholder: 'n',
    brief: 'Partitions of a new data folder; 16 by default [SEASTATE_PARTITIONS]',
  },
  logLevel: {
    kind: 'enum',
    values: ['debug', 'info', 'warn', 'error'],
    optional: true,
    brief: 'Least level that is logged; info by default [SEASTATE_LOG_LEVEL]',
  },
} as const;

export const runCommand = buildCommand<RunFlags, [], CliContext>({
  loader: async () => (await import('./run.ts')).run,
  parameters: { flags: runFlags, aliases: configAliases },
  docs: {
    brief: 'Receive remote write and run the analytics',
    fullDescription:
      'Takes samples on POST /api/v1/write, keeps them in the data folder, and serves the page, ' +
      'the API and /metrics on the same port. Needs no configuration file. SIGINT and SIGTERM ' +
      'drain and snapshot, a second one ends at once; SIGHUP reads the file again.',
    customUsage: [
      { input: '', brief: 'with the defaults' },
      { input: '-c seastate.yaml', brief: 'with a file' },
      { input: '--listen 127.0.0.1:9898 --data /var/lib/seastate', brief: 'somewhere else' },
      { input: '--set process.log.encoding=zstd', brief: 'any key of the file' },
    ],
  },
});
