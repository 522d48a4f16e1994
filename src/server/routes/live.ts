import type { FastifyInstance } from 'fastify';
import { ApiError } from '../envelope.ts';
import type { ServerParts } from '../parts.ts';
import { tenantOf } from './api.ts';

/** Bytes that may wait for one client before it is dropped. */
const clientBytesMax = 256 << 10;

/** `GET /api/v1/live`: server-sent events `alert` and `status`, as they come. */
export function liveRoute(app: FastifyInstance, { live }: ServerParts): void {
  app.get('/api/v1/live', { config: { role: 'read' } }, async (request, reply) => {
    const response = reply.raw;
    const lastEventId = request.headers['last-event-id'];
    const queued: string[] = [];
    let isOpen = false;
    const sink = (text: string): boolean => {
      if (!isOpen) queued.push(text);
      else response.write(text);
      if (response.writableLength <= clientBytesMax) return true;
      response.destroy();
      return false;
    };
    const unsubscribe = live.subscribe(
      tenantOf(request.identity),
      typeof lastEventId === 'string' ? lastEventId : undefined,
      sink,
      () => response.end(),
    );
    if (!unsubscribe) throw new ApiError('unavailable', 'too many live clients');
    response.on('close', unsubscribe);
    reply.hijack();
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    isOpen = true;
    response.write(`retry: 2000\n\n${queued.join('')}`);
  });
}
