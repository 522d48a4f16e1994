import { z } from 'zod';
import { processDefaults as defaults } from './defaults.ts';
import { key } from './key.ts';
import { exactlyOne, passwordKeys, tlsTowards } from './outgoing.ts';
import { duration, readableFile, secret, size } from './quantities.ts';

const url = z.string().refine(
  (text) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    return (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') && !parsed.username;
  },
  { error: 'write it as http://host:port/api/v1/write, without user and password' },
);

const basic = z
  .strictObject({
    user: key(z.string().min(1), 'Name of the user.'),
    ...passwordKeys,
  })
  .refine(...exactlyOne('password', 'password_file'));

const bearer = z
  .strictObject({
    token: key(secret().optional(), 'The token; better: `token_file`.'),
    token_file: key(
      readableFile().optional(),
      'File that holds the token; read again when the receiver refuses it.',
    ),
  })
  .refine(...exactlyOne('token', 'token_file'));

const prometheus = z
  .strictObject({
    url: key(url, 'Address that takes remote write, such as http://prometheus:9090/api/v1/write.'),
    name: key(
      z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,60}$/, 'use letters, digits, dots and dashes')
        .optional(),
      'Name in metrics, and of the file that says how far was sent; default: host and port of the address.',
    ),
    topics: key(
      z
        .array(z.enum(['scores', 'events']))
        .min(1)
        .default(['scores', 'events']),
      '`scores`: what `settings.anomalies.scores` asks for. `events`: `seastate_event_active`, 1 while an event lasts.',
    ),
    protocol: key(
      z.enum(['auto', '1.0', '2.0']).default('auto'),
      'Of remote write. `auto`: 2.0, and 1.0 where the receiver takes only that.',
    ),
    headers: key(
      z.record(z.string().min(1), secret()).default({}),
      'Further headers, such as `X-Scope-OrgID`; secrets by `${env:NAME}` or `${file:/path}`.',
    ),
    basic: key(basic.optional(), 'HTTP basic authentication.'),
    bearer: key(bearer.optional(), 'A token in the Authorization header.'),
    tls: key(tlsTowards("the receiver's").optional(), 'For https.'),
    request_size: key(
      size().prefault(defaults.sinkRequestSize),
      'Small records are sent together up to this, compressed.',
    ),
    connections: key(
      z.int().min(1).max(64).default(defaults.sinkConnections),
      'Requests under way at once; series of one cluster are never sent side by side.',
    ),
    timeout: key(duration().prefault(defaults.sinkTimeout), 'An answer must have come by then.'),
    backoff_min: key(
      duration().prefault(defaults.sinkBackoffMin),
      'Pause before the second try; it doubles with each one, less some chance.',
    ),
    backoff_max: key(duration().prefault(defaults.sinkBackoffMax), 'Longest pause between tries.'),
  })
  .refine((given) => given.basic === undefined || given.bearer === undefined, {
    error: 'give basic or bearer, not both',
  });

export type PrometheusSection = z.output<typeof prometheus>;

/** How a sink is called in metrics, and in the name of its file. */
export const sinkName = ({ name, url: to }: PrometheusSection): string =>
  name ?? (URL.canParse(to) ? new URL(to).host : to).replaceAll(/[^A-Za-z0-9.-]/g, '-');

export const sinksSchema = z.strictObject({
  prometheus: key(
    z
      .array(prometheus)
      .default([])
      .superRefine((sections, context) => {
        const names = sections.map(sinkName);
        for (const [index, own] of names.entries()) {
          if (names.indexOf(own) === index) continue;
          const message = `two sinks are called "${own}": give one another name`;
          context.addIssue({ code: 'custom', message, path: [index] });
        }
      }),
    'Receivers of remote write.',
  ),
});
