import type { FastifyInstance } from 'fastify';
import { messageOf } from '../../core/errors.ts';
import { isLoopback } from '../bind.ts';
import { ApiError } from '../envelope.ts';
import type { ServerParts } from '../parts.ts';

/** Who may ask for a reload: nobody, only this machine, or whoever has the role `admin`. */
export type ReloadAccess = 'off' | 'loopback' | 'on';

/** Probes, reload and our own metrics, as operators know them from Prometheus. */
export function operationRoutes(
  app: FastifyInstance,
  parts: ServerParts,
  options: { readonly reload: ReloadAccess },
): void {
  app.get('/-/healthy', { config: { role: 'none' } }, async (_request, reply) => {
    await reply.type('text/plain').send('Seastate is healthy.\n');
  });

  app.get('/-/ready', { config: { role: 'none' } }, async (_request, reply) => {
    const missing = parts.notReady();
    if (missing.length === 0) return reply.type('text/plain').send('Seastate is ready.\n');
    return reply
      .code(503)
      .type('text/plain')
      .send(`Not ready:\n${missing.join('\n')}\n`);
  });

  app.get('/metrics', { config: { role: 'read' } }, async (request, reply) => {
    const { contentType, body } = await parts.metrics(request.headers.accept ?? '');
    return reply.type(contentType).send(body);
  });

  app.route({
    method: ['POST', 'PUT'],
    url: '/-/reload',
    config: { role: 'admin' },
    handler: async (request, reply) => {
      const allowed =
        options.reload === 'on' ||
        (options.reload === 'loopback' && isLoopback(request.socket.remoteAddress ?? ''));
      if (!allowed) {
        throw new ApiError('forbidden', 'reload over HTTP is off: set reload, or send SIGHUP');
      }
      try {
        await parts.reload();
      } catch (error) {
        // As Prometheus does: the message is for the operator, and the last good one stays.
        return reply
          .code(500)
          .type('text/plain')
          .send(`reload failed: ${messageOf(error)}\n`);
      }
      return reply.type('text/plain').send('reloaded\n');
    },
  });
}
