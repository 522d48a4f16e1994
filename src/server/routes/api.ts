import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseSelector } from '../../core/matchers.ts';
import { parseTime } from '../../core/time.ts';
import type { Identity } from '../auth/credentials.ts';
import { ApiError, success } from '../envelope.ts';
import type { AlertState, AlertsQuery, ServerParts } from '../parts.ts';

const alertStates: readonly AlertState[] = ['pending', 'firing', 'resolved'];
const limitDefault = 1_000;
const limitMax = 10_000;

/** The read API, in the envelope of Prometheus: `{status, data}`. */
export function apiRoutes(app: FastifyInstance, parts: ServerParts): void {
  app.get('/api/v1/alerts', { config: { role: 'read' } }, async (request) => {
    const query = alertsQuery(parametersOf(request), tenantOf(request.identity), parts.now());
    const alerts = await parts.alerts({ ...query, limit: query.limit + 1 });
    const isCut = alerts.length > query.limit;
    return success(
      { alerts: alerts.slice(0, query.limit) },
      isCut ? [`there are more than ${query.limit} alerts: raise limit or ask for less`] : [],
    );
  });

  app.get('/api/v1/status', { config: { role: 'read' } }, async (request) =>
    success(await parts.status(tenantOf(request.identity))),
  );

  app.get('/api/v1/status/buildinfo', { config: { role: 'read' } }, async () =>
    success(parts.buildInfo),
  );
}

/** The tenant that a reader is held to; undefined where it may see all. */
export const tenantOf = ({ tenant, roles }: Identity): string | undefined =>
  roles.includes('admin') ? undefined : tenant;

const parametersOf = (request: FastifyRequest): URLSearchParams =>
  new URL(request.raw.url ?? '/', 'http://localhost').searchParams;

/** Throws `bad_data` or `usage` naming the parameter. */
export function alertsQuery(
  parameters: URLSearchParams,
  tenant: string | undefined,
  nowMs: number,
): AlertsQuery {
  const known = ['state', 'cluster', 'match[]', 'from', 'to', 'limit'];
  const unknown = [...parameters.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ApiError('bad_data', `unknown parameter "${unknown}": known are ${known.join(', ')}`);
  }
  const time = (name: string): number | undefined => {
    const text = parameters.get(name);
    return text === null ? undefined : parseTime(text, nowMs);
  };
  const fromMs = time('from');
  const toMs = time('to');
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw new ApiError('bad_data', 'from is after to');
  }
  const isPast = fromMs !== undefined || toMs !== undefined;
  return {
    tenant,
    states: statesOf(parameters, isPast ? ['firing', 'resolved'] : ['firing']),
    clusters: parameters.getAll('cluster'),
    selectors: parameters.getAll('match[]').map(parseSelector),
    fromMs,
    toMs,
    limit: limitOf(parameters.get('limit')),
  };
}

function statesOf(parameters: URLSearchParams, fallback: readonly AlertState[]): AlertState[] {
  const given = parameters.getAll('state').flatMap((text) => text.split(','));
  if (given.length === 0) return [...fallback];
  if (given.includes('all')) return [...alertStates];
  return given.map((text) => {
    const state = alertStates.find((known) => known === text);
    if (state) return state;
    throw new ApiError(
      'bad_data',
      `unknown state "${text}": known are ${alertStates.join(', ')}, all`,
    );
  });
}

function limitOf(text: string | null): number {
  if (text === null) return limitDefault;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= limitMax) return limit;
  throw new ApiError('bad_data', `limit must be a whole number from 1 to ${limitMax}`);
}
