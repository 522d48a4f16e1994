import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { messageOf } from '../../core/errors.ts';
import { ApiError, success } from '../envelope.ts';
import type { ServerParts } from '../parts.ts';

const unzip = promisify(gunzip);

/**
 * `POST /api/v1/events`: Kubernetes events as event exporters, log forwarders and OTLP/HTTP (JSON)
 * send them. `?cluster=NAME` names the cluster of those that name none. 200 with counts; 400 when
 * one was refused and the good ones are durable; 503 while nothing can be kept.
 */
export function eventRoutes(app: FastifyInstance, parts: ServerParts, bodyBytesMax: number): void {
  const { receiveEvents } = parts;
  if (!receiveEvents) return;
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    const asBytes = { parseAs: 'buffer', bodyLimit: bodyBytesMax } as const;
    scope.addContentTypeParser('*', asBytes, (_request, body, ready) => ready(null, body));
    const options = { config: { role: 'write' as const }, bodyLimit: bodyBytesMax };
    scope.post('/api/v1/events', options, async (request, reply) => {
      const encoding = request.headers['content-encoding'] ?? 'identity';
      const raw = (request.body ?? Buffer.alloc(0)) as Buffer;
      const body = await inflated(raw, encoding, bodyBytesMax);
      const { cluster } = request.query as { cluster?: string };
      const { taken, others, rejected, errors } = await receiveEvents(
        request.identity.tenant,
        cluster,
        body,
      );
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

async function inflated(body: Buffer, encoding: string, bytesMax: number): Promise<Uint8Array> {
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip') {
    throw new ApiError('bad_data', `content-encoding ${encoding} is not taken: gzip, or none`);
  }
  try {
    return await unzip(body, { maxOutputLength: bytesMax });
  } catch (error) {
    throw new ApiError(
      'bad_data',
      `the body is no gzip of at most ${bytesMax} bytes: ${messageOf(error)}`,
    );
  }
}
