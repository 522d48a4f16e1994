import { isIP } from 'node:net';
import { isLoopback, type Listen } from '../bind.ts';

/** What a server listens on, and by which further names it is called. */
export interface HostRule {
  readonly listen: Listen;
  /** Names without port; `*`: any. */
  readonly allowedHosts: readonly string[];
}

/**
 * Whether a `Host` header means this server. A web page can have its own name point to this machine
 * (DNS rebinding) and then read and write here as the same site, but it cannot choose the name that
 * the browser sends. A server that was told to let everybody in is called by any name, unless the
 * names are given.
 */
export function meansUs(host: string | undefined, { listen, allowedHosts }: HostRule): boolean {
  // HTTP/1.0 has none; browsers always send it.
  if (host === undefined) return true;
  const name = nameOf(host);
  // Only a name can be made to point elsewhere.
  if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return true;
  if (name === nameOf(listen.host)) return true;
  if (allowedHosts.length === 0) return !isLoopback(listen.host);
  return allowedHosts.some((allowed) => allowed === '*' || nameOf(allowed) === name);
}

/** `host`, `host:port`, `[address]:port`: the name or address in small letters. */
function nameOf(host: string): string {
  const bracketed = /^\[(.*)\](?::\d*)?$/.exec(host)?.[1];
  const bare = bracketed ?? (isIP(host) ? host : host.replace(/:\d*$/, ''));
  return bare.replace(/\.$/, '').toLowerCase();
}
