import { BlockList, isIP } from 'node:net';
import { SeastateError } from '../core/errors.ts';

export interface Listen {
  readonly host: string;
  readonly port: number;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address is of this machine only. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  return family !== 0 && loopback.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/** Throws `unsafe_listen` when others could reach a server that asks nobody who they are. */
export function checkBind(
  { host, port }: Listen,
  safe: { readonly authenticated: boolean; readonly allowUnauthenticated: boolean },
): void {
  if (isLoopback(host) || safe.authenticated || safe.allowUnauthenticated) return;
  throw new SeastateError(
    'unsafe_listen',
    `refusing to listen on ${host}:${port} without authentication: set process.auth.credentials, ` +
      'listen on 127.0.0.1, or let everybody write and read by process.auth.allow_unauthenticated',
  );
}
