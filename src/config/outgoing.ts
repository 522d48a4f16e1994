import { z } from 'zod';
import { key } from './key.ts';
import { readableFile, secret } from './quantities.ts';

/** The parts of a section that says how we show ourselves to another program. */

/** A password of ours: one of both, which `exactlyOne` holds. */
export const passwordKeys = {
  password: key(secret().optional(), 'Its password; better: `password_file`.'),
  password_file: key(readableFile().optional(), 'File that holds the password.'),
};

/** For `refine`: one of two keys is there, and the other is not. */
export function exactlyOne<A extends string, B extends string>(a: A, b: B) {
  return [
    (given: { readonly [name in A | B]?: unknown }): boolean =>
      (given[a] === undefined) !== (given[b] === undefined),
    { error: `give exactly one of ${a} and ${b}` },
  ] as const;
}

/** TLS towards somebody, named as "the brokers'". */
export const tlsTowards = (whose: string) =>
  z.strictObject({
    ca_file: key(
      readableFile().optional(),
      `PEM certificates of ${whose} authority; without it the system's.`,
    ),
    cert_file: key(readableFile().optional(), 'PEM certificate that we show.'),
    key_file: key(readableFile().optional(), 'PEM key of that certificate.'),
    server_name: key(
      z.string().min(1).optional(),
      `Name in ${whose} certificate where it is not the host's.`,
    ),
  });
