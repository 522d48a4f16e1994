import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { SeastateError } from '../../core/errors.ts';
import { anyone } from '../auth/credentials.ts';
import { ApiError, success } from '../envelope.ts';
import type { ServerParts } from '../parts.ts';

/**
 * `POST /api/v1/events`: Kubernetes events as event exporters, log forwarders and OTLP/HTTP (JSON)
 * send them, read as they arrive. Events that name no cluster are of `?cluster=NAME`, else of the
 * credential. 200 with counts; 400 when one was refused and the good ones are durable; 413 when
 * the body is over the limit; 503 while nothing can be kept: what came before may be durable.
 */
export function eventRoutes(app: FastifyInstance, parts: ServerParts): void {
  const { receiveEvents } = parts;
  if (!receiveEvents) return;
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, body, ready) => ready(null, body));
    scope.post('/api/v1/events', { config: { role: 'write' as const } }, async (request, reply) => {
      const encoding = request.headers['content-encoding'] ?? 'identity';
      const { cluster } = request.query as { cluster?: string | string[] };
      if (cluster === '' || Array.isArray(cluster)) {
        throw new ApiError('bad_data', 'cluster: name one');
      }
      const { identity } = request;
      const own = identity === anyone ? undefined : identity.name;
      const body = bodyOf(request.body as Readable | undefined, encoding);
      const received = await receiveEvents(identity.tenant, cluster ?? own, body).catch(badBody);
      const { taken, others, rejected, errors } = received;
      const counts = { taken, others, rejected: Object.fromEntries(rejected) };
      if (rejected.size === 0) return success(counts);
      return reply.code(400).send({
        status: 'error',
        errorType: 'bad_data',
        error: errors.join('; '),
        data: counts,
      });
    });
    done();
  });
}

function bodyOf(body: Readable | undefined, encoding: string): AsyncIterable<Uint8Array> {
  if (body === undefined) return noBody();
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip') {
    throw new ApiError('bad_data', `content-encoding ${encoding} is not taken: gzip, or none`);
  }
  const plain = createGunzip();
  // Its errors come out where it is read.
  pipeline(body, plain, () => {});
  return plain;
}

async function* noBody(): AsyncGenerator<Uint8Array> {}

function badBody(error: unknown): never {
  if (error instanceof SeastateError && error.code === 'body_too_large') {
    throw new ApiError('too_large', error.message);
  }
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && code.startsWith('Z_')) {
    throw new ApiError('bad_data', `the body is no gzip: ${(error as Error).message}`);
  }
  if (typeof code === 'string' && gone.has(code)) {
    throw new ApiError('bad_data', 'the sender went away before the body was whole');
  }
  throw error;
}

const gone: ReadonlySet<string> = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE']);
