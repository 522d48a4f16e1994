import { z } from 'zod';
import { key } from './key.ts';
import { readableFile, secret } from './quantities.ts';

const sasl = z
  .strictObject({
    mechanism: key(
      z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
      'As the listener of the brokers is set up.',
    ),
    username: key(z.string().min(1), 'Name of the user.'),
    password: key(secret().optional(), 'Its password; better: `password_file`.'),
    password_file: key(readableFile().optional(), 'File that holds the password.'),
  })
  .refine((given) => (given.password === undefined) !== (given.password_file === undefined), {
    error: 'give exactly one of password and password_file',
  });

const tls = z.strictObject({
  ca_file: key(
    readableFile().optional(),
    "PEM certificates of the brokers' authority; without it the system's.",
  ),
  cert_file: key(readableFile().optional(), 'PEM certificate that we show.'),
  key_file: key(readableFile().optional(), 'PEM key of that certificate.'),
  server_name: key(
    z.string().min(1).optional(),
    "Name in the brokers' certificate where it is not the host's.",
  ),
});

/** How a cluster of brokers is reached: by the log, and by each source of its own. */
export const kafkaConnection = {
  brokers: key(
    z.array(z.string().regex(/^[^\s/]+:\d+$/, 'write a broker as host:port')).min(1),
    'Some brokers as `host:port`.',
  ),
  tls: key(tls.optional(), 'TLS towards the brokers; `{}` for the plain case.'),
  sasl: key(sasl.optional(), 'Authentication towards the brokers.'),
};
