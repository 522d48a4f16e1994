import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasRole, isCrossSite, otherHost } from './app.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { WriteRoute } from './parts.ts';

export const writePath = '/api/v1/write';

export const isWritePath = (url: string | undefined): boolean =>
  url === writePath || url?.startsWith(`${writePath}?`) === true;

/**
 * The hot route, in front of the framework: method, who sends, then remote write itself. Answers
 * are plain text, because senders log the first line of it.
 */
export async function serveWrite(
  request: IncomingMessage,
  response: ServerResponse,
  authenticator: Authenticator,
  write: WriteRoute | undefined,
): Promise<void> {
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST');
    refuse(response, 405, 'remote write takes POST');
    return;
  }
  if (!write) {
    refuse(response, 404, 'this process takes no samples');
    return;
  }
  const identity = await authenticator.identify(request);
  if (!identity) {
    response.setHeader('WWW-Authenticate', authenticator.challenge);
    refuse(response, 401, 'who are you? Send credentials that this server knows');
  } else if (!authenticator.isAtUs(identity, request)) {
    refuse(response, 421, otherHost(request.headers.host));
  } else if (!hasRole(identity, 'write') || isCrossSite(request.headers)) {
    refuse(response, 403, `credential ${identity.name} may not write`);
  } else await write.handle(request, response, identity);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
}
