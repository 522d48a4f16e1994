import { buildCommand } from '@stricli/core';
import { apiFlags } from '../api.ts';
import type { CliContext } from '../context.ts';
import { formatFlag } from '../flags.ts';
import type { StatusFlags } from './status.ts';

export const statusCommand = buildCommand<StatusFlags, [], CliContext>({
  loader: async () => (await import('./status.ts')).status,
  parameters: {
    flags: {
      ...apiFlags,
      output: formatFlag,
    },
    aliases: { o: 'output' },
  },
  docs: {
    brief: 'Ask a running server how it is',
    fullDescription:
      'Says whether the server is ready, and how its partitions and senders go; series, clusters ' +
      'and senders as of the last tick (5 s). Exits 1 when it is not ready or cannot be reached.',
    customUsage: [
      { input: '', brief: 'on this machine' },
      { input: '--url https://seastate.example:9797 --token-file token', brief: 'elsewhere' },
      { input: '-o json', brief: 'for programs' },
    ],
  },
});
