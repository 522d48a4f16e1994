import type { Server } from 'node:http';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyServerFactoryHandler,
  fastify,
} from 'fastify';
import type { Authenticator } from './auth/authenticator.ts';
import { anyone, type Identity, type Role } from './auth/credentials.ts';
import { answerClientError } from './client-error.ts';
import { ApiError, errorBody, toApiError } from './envelope.ts';
import type { HttpCounters } from './http-counters.ts';
import type { PageFile } from './page.ts';
import type { ServerParts } from './parts.ts';
import { apiRoutes } from './routes/api.ts';
import { eventRoutes } from './routes/events.ts';
import { feedbackRoutes } from './routes/feedback.ts';
import { liveRoute } from './routes/live.ts';
import { operationRoutes, type ReloadAccess } from './routes/operations.ts';
import { pageRoutes } from './routes/page.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, once the route's role was checked. */
    identity: Identity;
  }
  interface FastifyContextConfig {
    /** Who may ask; `none`: everybody. */
    role?: Role | 'none';
  }
}

export interface AppOptions {
  readonly reload: ReloadAccess;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly authenticator: Authenticator;
  readonly counters: HttpCounters;
  /** Makes the server that the routes hang on. */
  readonly createServer: (handler: FastifyServerFactoryHandler) => Server;
}

const unknownRoute = '(unknown)';

/** Everything but remote write: probes, API, live stream, page. */
export function buildApp(parts: ServerParts, options: AppOptions): FastifyInstance {
  const { authenticator } = options;
  const app = fastify({
    serverFactory: (handler) => options.createServer(handler),
    bodyLimit: 1 << 20,
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => {
      const { statusCode, type, message } = toApiError(error);
      options.counters.count(unknownRoute, statusCode);
      void (reply as FastifyReply).code(statusCode).send(errorBody(type, message));
    },
  });
  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });

  app.decorateRequest('identity', null as unknown as Identity);
  app.addHook('onRequest', async (request, reply) => {
    const { role = 'none' } = request.routeOptions.config;
    request.identity = anyone;
    if (role === 'none') return;
    const identity = await authenticator.identify(request.raw);
    if (!identity) {
      void reply.header('WWW-Authenticate', authenticator.challenge);
      throw new ApiError('unauthorized', 'who are you? Send credentials that this server knows');
    }
    if (!authenticator.isAtUs(identity, request.raw)) {
      throw new ApiError('misdirected', otherHost(request.headers.host));
    }
    if (!hasRole(identity, role)) {
      throw new ApiError('forbidden', `credential ${identity.name} has not the role ${role}`);
    }
    if ((role === 'admin' || request.method === 'POST') && isCrossSite(request.headers)) {
      throw new ApiError('forbidden', 'refused: another web site asks');
    }
    request.identity = identity;
  });

  app.addHook('onResponse', async (request, reply) => {
    options.counters.count(request.routeOptions.url ?? unknownRoute, reply.statusCode);
  });

  app.setErrorHandler(async (error, _request, reply) => {
    const known = toApiError(error);
    if (known.type === 'internal') parts.warn({ error }, 'a request failed');
    return reply.code(known.statusCode).send(errorBody(known.type, known.message));
  });
  app.setNotFoundHandler(async (request) => {
    const path = request.url.split('?')[0]!;
    const allowed = methods.get(path);
    if (!allowed) throw new ApiError('not_found', `nothing is at ${path}`);
    throw new ApiError('method_not_allowed', `${path} takes ${allowed.join(', ')}`);
  });
  app.addHook('onSend', async (request, reply) => {
    if (reply.statusCode !== 405) return;
    void reply.header('Allow', methods.get(request.url.split('?')[0]!)?.join(', ') ?? '');
  });

  operationRoutes(app, parts, options);
  apiRoutes(app, parts);
  eventRoutes(app, parts);
  feedbackRoutes(app, parts);
  liveRoute(app, parts);
  pageRoutes(app, options.page);
  return app;
}

export const hasRole = ({ roles }: Identity, role: Role): boolean =>
  roles.includes(role) || roles.includes('admin');

export const otherHost = (host = ''): string =>
  `refused: "${host}" is no name of this server. Call it by localhost or an address, add the name ` +
  'to process.auth.allowed_hosts, or set credentials';

/** A page of another site can make a browser send requests to a server on the same machine. */
export function isCrossSite(headers: Readonly<Record<string, unknown>>): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
