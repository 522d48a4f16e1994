import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BridgeConfig } from './bridge-config.ts';
import { type LocalJava, localJava } from './java.ts';

/** A line that the bridge prints on standard output. */
export type SparkEvent =
  | { readonly event: 'started'; readonly spark: string; readonly metricsPort?: number }
  | {
      readonly event: 'progress';
      readonly stage: string;
      readonly batch: number;
      readonly rows: number;
      readonly ms: Readonly<Record<string, number>>;
      readonly counters: Readonly<Record<string, number>>;
    }
  | {
      readonly event: 'ended';
      readonly stage: string;
      readonly counters: Readonly<Record<string, number>>;
    }
  | { readonly event: 'failed'; readonly stage: string; readonly message: string };

export interface SparkJobOptions extends LocalJava {
  onEvent?(event: SparkEvent): void;
  /** Lines of Spark's log and of the runners. */
  onLog?(line: string): void;
}

/** A job of the bridge in one JVM on this machine. It ends when this process ends. */
export class SparkJob {
  readonly #process: ChildProcess;
  /** The exit code; 1 where a signal ended it. */
  readonly ended: Promise<number>;

  private constructor(child: ChildProcess, options: SparkJobOptions) {
    this.#process = child;
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => resolve(code ?? 1));
    });
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = parseEvent(line);
      if (event) options.onEvent?.(event);
      else options.onLog?.(line);
    });
    createInterface({ input: child.stderr! }).on('line', (line) => options.onLog?.(line));
  }

  static start(config: BridgeConfig, options: SparkJobOptions = {}): SparkJob {
    // In a file that only we read: it may hold passwords, which must not stand in a process list.
    const folder = mkdtempSync(join(tmpdir(), 'seastate-spark-config-'));
    const file = join(folder, 'config.json');
    writeFileSync(file, JSON.stringify({ ...config, endWithStdin: true }), { mode: 0o600 });
    const [program, args] = localJava(file, options);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin!.on('error', () => {});
    child.once('close', () => rmSync(folder, { recursive: true, force: true }));
    return new SparkJob(child, options);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Ends it in order: the running micro-batch is given up, its records come again. */
  async stop(): Promise<number> {
    this.#process.stdin!.end();
    return this.ended;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }
}

function parseEvent(line: string): SparkEvent | undefined {
  if (!line.startsWith('{"event":')) return undefined;
  try {
    return JSON.parse(line) as SparkEvent;
  } catch {
    return undefined;
  }
}
