import type { Socket } from 'node:net';
import { errorBody } from './envelope.ts';

/** Answers bytes that are no request, or none in time; the connection ends. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  let [status, message] = ['400 Bad Request', 'this is not an HTTP request'];
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    [status, message] = ['408 Request Timeout', 'the request did not come in time'];
  } else if (error.code === 'HPE_HEADER_OVERFLOW') {
    [status, message] = ['431 Request Header Fields Too Large', 'the headers are too long'];
  }
  const body = JSON.stringify(errorBody('bad_data', message));
  const answer =
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
    `Connection: close\r\n\r\n${body}`;
  // A peer that does not close its side must not hold what it has sent.
  socket.end(answer, () => socket.destroy());
}
