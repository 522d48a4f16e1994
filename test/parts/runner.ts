import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { runnerCommand } from '../../src/cli/spark/bridge-config.ts';
import { type Position, startOf } from '../../src/engine/position.ts';
import {
  type Done,
  decodeMessage,
  encodeMessage,
  encodeRecords,
  type Failed,
  type Reply,
  type Request,
} from '../../src/engine/runner/messages.ts';
import type { RunnerSetup } from '../../src/engine/runner/runner.ts';
import type { StageOutput } from '../../src/engine/stage.ts';
import type { LogRecord } from '../../src/log/log.ts';
import { endProcess } from './processes.ts';

/** The runner program under both of its transports. */
const entry = fileURLToPath(new URL('../../src/runner.ts', import.meta.url));

export interface End {
  readonly position: Position;
  readonly outputs: readonly StageOutput[];
  readonly chunks: readonly Uint8Array[];
}
export type Ask = (request: Request) => Promise<Reply>;

/** Runs records in batches of `size` from a snapshot, or from the start. */
export async function run(
  ask: Ask,
  records: readonly LogRecord[],
  size: number,
  from?: End,
): Promise<End> {
  const done = (reply: Reply): Done => {
    if (reply.type !== 'done') throw new Error((reply as Failed).message ?? reply.type);
    return reply;
  };
  let position = from?.position ?? startOf(0, 0);
  const chunks = from?.chunks ?? [];
  done(await ask({ type: 'load', partition: 0, position, chunks, tail: [] }));
  const outputs: StageOutput[] = [];
  for (let i = 0; ; i += size) {
    const batch = encodeRecords(records.slice(i, i + size));
    const wantSnapshot = i + size >= records.length;
    const reply = done(
      await ask({ type: 'batch', partition: 0, position, wantSnapshot, records: batch }),
    );
    outputs.push(...reply.outputs);
    position = reply.position;
    if (wantSnapshot) return { position, outputs, chunks: reply.chunks };
  }
}

export async function inThread<T>(setup: RunnerSetup, use: (ask: Ask) => Promise<T>): Promise<T> {
  const worker = new Worker(entry, {
    workerData: setup,
    execArgv: ['--permission', '--allow-fs-read=*'],
  });
  const exit = new Promise((resolve) => worker.once('exit', resolve));
  /** Fails with the thread. */
  const next = async () => decodeMessage((await once(worker, 'message'))[0]) as Reply;
  try {
    await next();
    return await use((request) => {
      const reply = next();
      worker.postMessage(encodeMessage(request));
      return reply;
    });
  } finally {
    // It ends by itself: cut off in its work it may take the whole process with it.
    worker.postMessage(null);
    await exit;
  }
}

/** As Spark's executors start it. */
export async function inProcess<T>(
  setup: RunnerSetup,
  use: (ask: Ask) => Promise<T>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<T> {
  const [command, ...args] = runnerCommand({ node: process.execPath, entry });
  const child = spawn(command!, [...args, JSON.stringify(setup)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  let received = Buffer.alloc(0);
  let wake = (): void => {};
  child.stdout.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    wake();
  });
  const next = async (): Promise<Reply> => {
    for (;;) {
      const size = received.length >= 4 ? received.readUInt32LE(0) : Number.POSITIVE_INFINITY;
      if (received.length >= 4 + size) {
        const message = new Uint8Array(received.subarray(4, 4 + size));
        received = received.subarray(4 + size);
        return decodeMessage(message) as Reply;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  try {
    await next();
    return await use((request) => {
      const message = encodeMessage(request);
      const head = Buffer.alloc(4);
      head.writeUInt32LE(message.length);
      child.stdin.write(Buffer.concat([head, message]));
      return next();
    });
  } finally {
    await endProcess(child);
  }
}
