import type { MessagePort } from 'node:worker_threads';
import { decodeMessage, encodeMessage, type Reply, type Request } from './messages.ts';
import type { Runner } from './runner.ts';

/**
 * Serves a runner over a MessagePort: one message, one reply; buffers are handed over. It ends at
 * `null`, and after a failure.
 */
export function serveThread(runner: Runner, port: MessagePort): void {
  const send = (reply: Reply): void => {
    const bytes = encodeMessage(reply);
    port.postMessage(bytes, [bytes.buffer]);
  };
  port.on('message', (message: Uint8Array | null) => {
    if (message === null) {
      port.close();
      return;
    }
    const reply = runner.handle(decodeMessage(message) as Request);
    send(reply);
    if (reply.type === 'failed') port.close();
  });
  send(runner.hello());
}
