import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { KubernetesEvent } from '../kubernetes-events.ts';
import { EventSender } from './event-sender.ts';

test('events come as JSON lines with their cluster, in order, also after a 503', async () => {
  const bodies: string[] = [];
  let isAway = true;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (!isAway) bodies.push(body);
      response.writeHead(isAway ? 503 : 200).end('{}');
      isAway = false;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ending = new AbortController();
  const refused: string[] = [];
  const sender = new EventSender({
    url: `http://127.0.0.1:${port}/`,
    signal: ending.signal,
    onError: (message) => refused.push(message),
  });
  const event = (reason: string, clusterId: string) =>
    ({ cluster: 'east', clusterId, time: 0, type: 'ADDED', object: { reason } }) as KubernetesEvent;
  sender.push(event('A', ''));
  sender.push(event('B', 'id-1'));
  const running = sender.run();
  while (bodies.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  ending.abort();
  await running;
  server.close();
  expect(bodies[0]!.split('\n').map((line) => JSON.parse(line))).toEqual([
    { reason: 'A', clusterName: 'east' },
    { reason: 'B', clusterName: 'id-1' },
  ]);
  expect(refused).toEqual([]);
});
