import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { GatewayOptions } from '../../src/gateway/options.ts';
import type { ServerFigures } from './server-process.ts';

const contentTypes = {
  1: 'application/x-protobuf',
  2: 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
} as const;

/** A server in a process of its own, and connections to it. */
export class Load {
  readonly #process: ChildProcess;
  readonly #port: number;
  readonly #agent: Agent;

  private constructor(process: ChildProcess, port: number, connections: number) {
    this.#process = process;
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** SEASTATE_BENCH_NODE: flags of node for the server, such as `--cpu-prof`. */
  static async start(options: Partial<GatewayOptions>, connections: number): Promise<Load> {
    const file = new URL('./server-process.ts', import.meta.url);
    const flags = (process.env['SEASTATE_BENCH_NODE'] ?? '').split(' ').filter(Boolean);
    const child = fork(file, [JSON.stringify(options)], { execArgv: flags });
    const [port] = (await once(child, 'message')) as [number];
    return new Load(child, port, connections);
  }

  async figures(): Promise<ServerFigures> {
    const answer = once(this.#process, 'message');
    this.#process.send('figures');
    return ((await answer) as [ServerFigures])[0];
  }

  /** Posts a body; resolves to the time to its answer, in ms. */
  post(protocol: 1 | 2, body: Uint8Array): Promise<number> {
    const start = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          path: '/api/v1/write',
          method: 'POST',
          agent: this.#agent,
          headers: {
            'Content-Type': contentTypes[protocol],
            'Content-Encoding': 'snappy',
            'Content-Length': body.length,
          },
        },
        (response) => {
          response.resume();
          response.on('end', () => {
            if (response.statusCode === 204) resolve(performance.now() - start);
            else reject(new Error(`answered ${response.statusCode}`));
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /**
   * Posts bodies in turn until `count` were answered, `width` at a time; with `perSecond` at that
   * rate. Resolves to the times to the answers, ascending, in ms.
   */
  async send(
    protocol: 1 | 2,
    bodies: readonly Uint8Array[],
    count: number,
    width: number,
    perSecond?: number,
  ): Promise<number[]> {
    const times: number[] = [];
    const start = performance.now();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < count) {
        const n = next++;
        const due = perSecond ? start + (n * 1000) / perSecond : 0;
        const wait = due - performance.now();
        if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
        times.push(await this.post(protocol, bodies[n % bodies.length]!));
      }
    };
    await Promise.all(Array.from({ length: width }, lane));
    return times.sort((a, b) => a - b);
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#process.disconnect();
    await once(this.#process, 'exit');
  }
}
