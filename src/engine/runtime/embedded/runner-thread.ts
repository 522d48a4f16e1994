import { Worker } from 'node:worker_threads';
import { SeastateError } from '../../../core/errors.ts';
import { watchBuffers } from '../../runner/buffers.ts';
import {
  decodeMessage,
  type Failed,
  type Hello,
  protocolVersion,
  type Reply,
} from '../../runner/messages.ts';
import type { RunnerSetup } from '../../runner/runner.ts';

/** A thread may take this long to load the program, however short the deadline of a request. */
const startMs = 60_000;
/** A thread that was asked to end and is still there is cut off. */
const endMs = 5_000;

/**
 * The runner is gone: by its own `failed`, or without a word. Requests are handled one after the
 * other, so the first that waits is the one that ended it: its partition is the `culprit`.
 */
export class RunnerGone extends Error {
  readonly failed: Failed | undefined;
  readonly culprit: boolean;
  constructor(message: string, failed?: Failed, culprit = true) {
    super(message);
    this.failed = failed;
    this.culprit = culprit;
  }
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: RunnerGone): void;
}

export interface ThreadOptions {
  /** The runner program. */
  readonly entry: URL;
  readonly setup: RunnerSetup;
  /** Heap of the thread, MiB. */
  readonly heapMiB: number;
  /** MiB that typed arrays and other buffers, which no heap limit counts, may take. */
  readonly buffersMiB: number;
  /** A request that takes longer ends the thread, ms. */
  readonly deadlineMs: number;
}

/** A runner in a worker thread: requests are answered in order; any failure ends it for good. */
export class RunnerThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  /** Of the request at the head. */
  #limitMs: number;
  #gone: RunnerGone | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  readonly ready: Promise<void>;
  readonly #exited: Promise<void>;

  constructor({ entry, setup, heapMiB, buffersMiB, deadlineMs }: ThreadOptions) {
    this.#limitMs = Math.max(startMs, deadlineMs);
    this.#worker = new Worker(entry, {
      workerData: setup,
      // Reading stays open: it loads the program. No writing, no child processes, no threads.
      execArgv: ['--permission', '--allow-fs-read=*'],
      name: `runner ${setup.stage}`,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    this.ready = this.#expect().then((hello) => {
      this.#limitMs = deadlineMs;
      checkHello(hello as Hello, setup);
    });
    this.ready.catch(() => {});
    this.#worker.on('message', (bytes: Uint8Array) => this.#take(decodeMessage(bytes) as Reply));
    this.#worker.on('error', (error) =>
      this.#end(new RunnerGone(`runner threw: ${error.message}`)),
    );
    // Only at work: then it is known which record is at fault.
    const isAtWork = (): boolean => this.#waiting.length > 0;
    const over = (what: string): void => {
      this.#end(new RunnerGone(`runner was ended: ${what} (process.worker_buffers_size)`));
      void this.#worker.terminate();
    };
    const unwatch = watchBuffers(this.#worker, buffersMiB, over, isAtWork);
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        unwatch();
        this.#end(new RunnerGone(`runner ended with code ${code}`));
        resolve();
      });
    });
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  /**
   * The reply to an encoded request, in order; its bytes are given away. Rejects with RunnerGone.
   */
  async call(bytes: Uint8Array<ArrayBuffer>): Promise<Reply> {
    if (this.#gone) throw new RunnerGone(this.#gone.message, this.#gone.failed, false);
    this.#worker.postMessage(bytes, [bytes.buffer]);
    return await this.#expect();
  }

  #expect(): Promise<Reply> {
    const reply = new Promise<Reply>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    if (this.#waiting.length === 1) this.#watch();
    return reply;
  }

  /** One timer for the request at the head: a runner that hangs is ended. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#waiting.length === 0) return;
    const limitMs = this.#limitMs;
    this.#watchdog = setTimeout(() => {
      this.#end(new RunnerGone(`runner did not answer within ${limitMs} ms`));
      void this.#worker.terminate();
    }, limitMs);
    this.#watchdog.unref();
  }

  #take(reply: Reply): void {
    if (reply.type === 'failed') {
      this.#end(new RunnerGone(`${reply.code}: ${reply.message}`, reply));
      return;
    }
    this.#waiting.shift()?.resolve(reply);
    this.#watch();
  }

  #end(reason: RunnerGone): void {
    if (this.#gone) return;
    this.#gone = reason;
    clearTimeout(this.#watchdog);
    const neighbours = new RunnerGone(reason.message, reason.failed, false);
    this.#waiting.shift()?.reject(reason);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(neighbours);
    // Cut off in the middle of its work a thread may take the whole process with it: it ends by
    // itself.
    this.#worker.postMessage(null);
    const cut = setTimeout(() => void this.#worker.terminate(), endMs);
    cut.unref();
    void this.#exited.then(() => clearTimeout(cut));
  }

  async stop(): Promise<void> {
    this.#end(new RunnerGone('runner was stopped'));
    await this.#exited;
  }
}

function checkHello(hello: Hello, setup: RunnerSetup): void {
  const ours = { protocol: protocolVersion, node: process.version, stage: setup.stage };
  for (const [name, value] of Object.entries(ours)) {
    const theirs = hello[name as keyof Hello];
    if (theirs !== value) {
      throw new SeastateError(
        'runner_mismatch',
        `the runner says ${name} ${theirs}, expected ${value}: start it from the same program`,
      );
    }
  }
}
