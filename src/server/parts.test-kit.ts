import { LiveHub } from './live-hub.ts';
import type { ServerParts } from './parts.ts';

/** The parts of a server behind which there is nothing, but for what is given. */
export const partsOf = (given: Partial<ServerParts> = {}): ServerParts => ({
  notReady: () => [],
  reload: async () => {},
  metrics: async () => ({ contentType: 'text/plain', body: '' }),
  intervals: async () => [],
  alerts: async () => [],
  status: async () => ({}),
  buildInfo: {},
  live: new LiveHub({ epoch: 'e' }),
  now: Date.now,
  warn: () => {},
  ...given,
});
