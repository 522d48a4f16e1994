import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openForeignTopic } from './kafka-log.ts';

test('brokers that answer nothing are not waited for where it was aborted before', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket.resume().on('error', () => {})));
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const brokers = [`127.0.0.1:${(silent.address() as AddressInfo).port}`];
  await expect(openForeignTopic({ brokers }, 't', AbortSignal.abort())).rejects.toThrowError(
    expect.objectContaining({ code: 'log_unavailable' }),
  );
  for (const socket of sockets) socket.destroy();
  silent.close();
});
