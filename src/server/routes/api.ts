import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseSelector } from '../../core/matchers.ts';
import { parseTime } from '../../core/time.ts';
import type { Identity } from '../auth/credentials.ts';
import { ApiError, success } from '../envelope.ts';
import type {
  AlertState,
  AlertsQuery,
  IntervalState,
  IntervalsQuery,
  ServerParts,
} from '../parts.ts';

const alertStates: readonly AlertState[] = ['pending', 'firing', 'resolved'];
const intervalTopics = ['anomalies', 'events'] as const;
const intervalStates: readonly IntervalState[] = ['open', 'closed'];
const limitDefault = 1_000;
const limitMax = 10_000;

/** The read API, in the envelope of Prometheus: `{status, data}`. */
export function apiRoutes(app: FastifyInstance, parts: ServerParts): void {
  app.get('/api/v1/alerts', { config: { role: 'read' } }, async (request) => {
    const query = alertsQuery(parametersOf(request), tenantOf(request.identity), parts.now());
    const alerts = await parts.alerts({ ...query, limit: query.limit + 1 });
    return listOf('alerts', alerts, query.limit);
  });

  for (const topic of intervalTopics) {
    app.get(`/api/v1/${topic}`, { config: { role: 'read' } }, async (request) => {
      const tenant = tenantOf(request.identity);
      const parameters = parametersOf(request);
      const query = intervalsQuery(parameters, tenant, parts.now(), intervalStates, 'closed');
      const found = await parts.intervals(topic, { ...query, limit: query.limit + 1 });
      return listOf(topic, found, query.limit);
    });
  }

  app.get('/api/v1/status', { config: { role: 'read' } }, async ({ identity }) => {
    const status = await parts.status(tenantOf(identity));
    return success({ ...status, roles: identity.roles });
  });

  app.get('/api/v1/status/buildinfo', { config: { role: 'read' } }, async () =>
    success(parts.buildInfo),
  );
}

function listOf(name: string, found: readonly object[], limit: number): object {
  const isCut = found.length > limit;
  return success(
    { [name]: found.slice(0, limit) },
    isCut ? [`there are more than ${limit} ${name}: raise limit or ask for less`] : [],
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
  return intervalsQuery(parameters, tenant, nowMs, alertStates, 'resolved');
}

/** What asks for intervals: those that are `past` too where a range of time is given. */
export function intervalsQuery<State extends string>(
  parameters: URLSearchParams,
  tenant: string | undefined,
  nowMs: number,
  known: readonly State[],
  past: State,
): IntervalsQuery<State> {
  const names = ['state', 'cluster', 'match[]', 'from', 'to', 'limit'];
  const unknown = [...parameters.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ApiError('bad_data', `unknown parameter "${unknown}": known are ${names.join(', ')}`);
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
  const usual = known.filter((state) => state !== 'pending' && (isPast || state !== past));
  return {
    tenant,
    states: statesOf(parameters, known, usual),
    clusters: parameters.getAll('cluster'),
    selectors: parameters.getAll('match[]').map(parseSelector),
    fromMs,
    toMs,
    limit: limitOf(parameters.get('limit')),
  };
}

function statesOf<State extends string>(
  parameters: URLSearchParams,
  known: readonly State[],
  usual: readonly State[],
): readonly State[] {
  const given = parameters.getAll('state').flatMap((text) => text.split(','));
  if (given.length === 0) return usual;
  if (given.includes('all')) return known;
  return given.map((text) => {
    const state = known.find((each) => each === text);
    if (state !== undefined) return state;
    throw new ApiError('bad_data', `unknown state "${text}": known are ${known.join(', ')}, all`);
  });
}

function limitOf(text: string | null): number {
  if (text === null) return limitDefault;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= limitMax) return limit;
  throw new ApiError('bad_data', `limit must be a whole number from 1 to ${limitMax}`);
}
