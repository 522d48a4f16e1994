import type { FastifyInstance } from 'fastify';
import type { PageFile } from '../page.ts';

/** Everything comes from this server: no font, script or style of others. */
const securityPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const notBuilt = 'The page is not built: run "npm run build:web". The API is under /api/v1/.\n';

/** The page and its files. */
export function pageRoutes(app: FastifyInstance, files: ReadonlyMap<string, PageFile>): void {
  if (!files.has('/')) {
    app.get('/', { config: { role: 'read' } }, async (_request, reply) =>
      reply.type('text/plain').send(notBuilt),
    );
  }
  for (const [path, file] of files) {
    app.get(path, { config: { role: 'read' } }, async (request, reply) => {
      void reply
        .header('ETag', file.etag)
        .header('Vary', 'Accept-Encoding')
        .header('Cache-Control', file.immutable ? 'max-age=31536000, immutable' : 'no-cache')
        .header('Content-Security-Policy', securityPolicy)
        .header('X-Content-Type-Options', 'nosniff')
        .header('Referrer-Policy', 'no-referrer');
      if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
      const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      if (takesGzip) void reply.header('Content-Encoding', 'gzip');
      return reply.type(file.type).send(takesGzip ? file.gzip : file.body);
    });
  }
}
