import { z } from 'zod';
import { key } from './key.ts';
import { exactlyOne, passwordKeys, tlsTowards } from './outgoing.ts';

const sasl = z
  .strictObject({
    mechanism: key(
      z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
      'As the listener of the brokers is set up.',
    ),
    username: key(z.string().min(1), 'Name of the user.'),
    ...passwordKeys,
  })
  .refine(...exactlyOne('password', 'password_file'));

/** How a cluster of brokers is reached: by the log, and by each source of its own. */
export const kafkaConnection = {
  brokers: key(
    z.array(z.string().regex(/^[^\s/]+:\d+$/, 'write a broker as host:port')).min(1),
    'Some brokers as `host:port`.',
  ),
  tls: key(
    tlsTowards("the brokers'").optional(),
    'TLS towards the brokers; `{}` for the plain case.',
  ),
  sasl: key(sasl.optional(), 'Authentication towards the brokers.'),
};
