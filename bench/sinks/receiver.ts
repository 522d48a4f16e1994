import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A receiver of remote write, as a process of its own, that reads every request and keeps nothing.
 */
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const isV2 = request.headers['content-type']?.includes('v2');
    // Nobody decodes: whoever sends 2.0 is told that more was written than it can have sent.
    const written = { 'x-prometheus-remote-write-samples-written': '1000000000' };
    response.writeHead(204, isV2 ? written : {}).end();
  });
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
