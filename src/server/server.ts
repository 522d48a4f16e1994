import {
  createServer,
  type ServerOptions as HttpOptions,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyServerFactoryHandler } from 'fastify';
import { SeastateError } from '../core/errors.ts';
import { buildApp } from './app.ts';
import { Authenticator } from './auth/authenticator.ts';
import type { CredentialOptions } from './auth/credentials.ts';
import { type TlsFiles, TlsLoader } from './auth/tls-files.ts';
import { checkBind, type Listen } from './bind.ts';
import { Connections } from './connections.ts';
import { HttpCounters } from './http-counters.ts';
import { loadPage } from './page.ts';
import type { ServerParts } from './parts.ts';
import type { ReloadAccess } from './routes/operations.ts';
import { isWritePath, serveWrite, writePath } from './write-route.ts';

export interface ServerOptions {
  readonly listen: Listen;
  readonly credentials: readonly CredentialOptions[];
  /** How long a replaced secret stays valid. */
  readonly rotationGraceMs: number;
  readonly tls?: TlsFiles;
  /** Listen for everybody, and let everybody write and read. */
  readonly allowUnauthenticated: boolean;
  /** Further names by which whoever needs no credentials may call this server; `*`: any. */
  readonly allowedHosts: readonly string[];
  readonly reload: ReloadAccess;
  /** The built page. */
  readonly pageFolder: string;
  readonly connectionsMax: number;
  /** A request must be here, with headers and with body, after these times. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** A connection may be idle this long between requests; longer than senders' own limit. */
  readonly idleTimeoutMs: number;
  /** How often secrets and certificates are read again. */
  readonly filesPollMs: number;
  readonly liveHeartbeatMs: number;
}

const defaults: Omit<ServerOptions, 'listen'> = {
  credentials: [],
  rotationGraceMs: 120_000,
  allowUnauthenticated: false,
  allowedHosts: [],
  reload: 'loopback',
  pageFolder: 'web/dist',
  connectionsMax: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 330_000,
  filesPollMs: 10_000,
  liveHeartbeatMs: 15_000,
};

/** Every setting of the server, where not given as by default. */
export function serverOptions(
  given: Partial<ServerOptions> & Pick<ServerOptions, 'listen'>,
): ServerOptions {
  return { ...defaults, ...given };
}

export interface RunningServer {
  /** Such as `http://127.0.0.1:9797`. */
  readonly url: string;
  readonly port: number;
  readonly counters: HttpCounters;
  /**
   * Other credentials from now on, and their files and the certificates read anew; the rest of the
   * options is for a restart. Rejects when they cannot be used, and the old ones stay.
   */
  configure(
    options: Pick<
      ServerOptions,
      'credentials' | 'rotationGraceMs' | 'allowUnauthenticated' | 'allowedHosts'
    >,
  ): Promise<void>;
  /** Reads secrets and certificates now. */
  refreshFiles(): Promise<void>;
  /** Stops accepting, lets requests finish for that long, then ends what is left. */
  stop(timeoutMs: number): Promise<void>;
}

/** Starts to listen. Rejects with `unsafe_listen`, `bad_tls`, `bad_secret`, `listen_failed`. */
export async function startServer(
  options: ServerOptions,
  parts: ServerParts,
): Promise<RunningServer> {
  checkAccess(options);
  const authenticator = await Authenticator.open(options, {
    now: parts.now,
    onError: (error) => parts.warn({ error }, 'secrets could not be read: the last ones stay'),
  });
  const tls = options.tls ? await TlsLoader.open(options.tls) : undefined;
  let isStopping = false;
  const counters = new HttpCounters();
  const connections = new Connections();

  const route = (handler: FastifyServerFactoryHandler) => {
    return (request: IncomingMessage, response: ServerResponse): void => {
      if (isStopping) response.setHeader('Connection', 'close');
      if (!isWritePath(request.url)) handler(request, response);
      else {
        serveWrite(request, response, authenticator, parts.write)
          .catch((error: unknown) => {
            parts.warn({ error }, 'a write request failed because of a defect');
            response.destroy();
          })
          .finally(() => counters.count(writePath, response.statusCode));
      }
    };
  };
  const app = buildApp(parts, {
    reload: options.reload,
    page: await loadPage(options.pageFolder),
    authenticator,
    counters,
    createServer: (handler) => {
      const limits = serverLimits(options);
      const server = tls
        ? createSecureServer({ ...tls.serverOptions, ...limits }, route(handler))
        : createServer(limits, route(handler));
      connections.follow(server);
      server.maxConnections = options.connectionsMax;
      // A sender that has closed its half still gets the answer (Node has it without a type).
      Object.assign(server, { httpAllowHalfOpen: true });
      // A peer that neither sends nor reads for so long is gone.
      server.setTimeout(options.idleTimeoutMs + 5_000, (socket: Socket) => socket.destroy());
      server.on('drop', () => counters.connectionsRefused++);
      server.on('clientError', () => counters.clientErrors++);
      return server;
    },
  });

  const refreshFiles = async (): Promise<void> => {
    await authenticator.refresh();
    await tls
      ?.refresh(app.server as Parameters<TlsLoader['refresh']>[0])
      .catch((error: unknown) =>
        parts.warn({ error }, 'TLS files could not be read: the last ones stay'),
      );
  };
  await app.listen(options.listen).catch((error: NodeJS.ErrnoException) => {
    throw listenError(options.listen, error);
  });
  const files = setInterval(() => void refreshFiles(), options.filesPollMs).unref();
  const live = setInterval(() => parts.live.heartbeat(), options.liveHeartbeatMs).unref();

  const { port, address, family } = app.server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    port,
    counters,
    configure: async (next) => {
      const access = { ...next, listen: options.listen };
      checkAccess(access);
      await authenticator.configure(access);
      await refreshFiles();
    },
    refreshFiles,
    stop: async (timeoutMs) => {
      isStopping = true;
      clearInterval(files);
      clearInterval(live);
      parts.live.close();
      connections.end();
      const timer = setTimeout(() => connections.cut(), timeoutMs);
      await app.close().finally(() => clearTimeout(timer));
    },
  };
}

const checkAccess = ({
  listen,
  credentials,
  allowUnauthenticated,
}: Pick<ServerOptions, 'listen' | 'credentials' | 'allowUnauthenticated'>): void =>
  checkBind(listen, { authenticated: credentials.length > 0, allowUnauthenticated });

/** Slow and idle connections cost their own senders, and nobody else. */
const serverLimits = (options: ServerOptions): HttpOptions => ({
  headersTimeout: options.headersTimeoutMs,
  requestTimeout: options.requestTimeoutMs,
  keepAliveTimeout: options.idleTimeoutMs,
  connectionsCheckingInterval: Math.min(5_000, options.headersTimeoutMs),
});

function listenError({ host, port }: Listen, error: NodeJS.ErrnoException): SeastateError {
  const why =
    error.code === 'EADDRINUSE'
      ? 'something else listens there: choose another port'
      : error.message;
  return new SeastateError('listen_failed', `cannot listen on ${host}:${port}: ${why}`, {
    cause: error,
  });
}
