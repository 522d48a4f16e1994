import type { Config } from '../config/schema.ts';
import type { CredentialOptions } from './auth/credentials.ts';
import { type ServerOptions, serverOptions } from './server.ts';

/** The server's options as the configuration says. */
export function serverOptionsOf({ process }: Config, pageFolder: string): ServerOptions {
  const { limits, auth, tls } = process;
  return serverOptions({
    listen: listenOf(process.listen),
    credentials: credentialsOf(process),
    rotationGraceMs: auth.rotation_grace,
    allowUnauthenticated: auth.allow_unauthenticated,
    allowedHosts: auth.allowed_hosts,
    reload: process.reload,
    pageFolder,
    connectionsMax: limits.connections,
    headersTimeoutMs: limits.headers_timeout,
    requestTimeoutMs: limits.request_timeout,
    idleTimeoutMs: limits.idle_timeout,
    filesPollMs: auth.files_poll,
    ...(tls && {
      tls: {
        certFile: tls.cert_file,
        keyFile: tls.key_file,
        ...(tls.client_ca_file !== undefined && { clientCaFile: tls.client_ca_file }),
      },
    }),
  });
}

export function credentialsOf({ auth }: Config['process']): CredentialOptions[] {
  return auth.credentials.map(({ name, tenant, roles, basic, bearer, certificate }) => ({
    name,
    tenant,
    roles,
    ...(basic && { basic: { user: basic.user, passwordFile: basic.password_file } }),
    ...(bearer && { bearer: { tokenFile: bearer.token_file } }),
    ...(certificate && { certificate: { commonName: certificate.common_name } }),
  }));
}

/** `host:port`, `[host]:port`. */
export function listenOf(text: string): ServerOptions['listen'] {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}
