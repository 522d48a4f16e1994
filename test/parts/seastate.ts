import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess } from './processes.ts';

const program = new URL('../../bin/seastate', import.meta.url).pathname;

/** The program as users start it, in a temporary data folder on a free port. */
export class Seastate {
  readonly folder: string;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  url = '';
  /** Lines of its own log. */
  readonly log: string[] = [];

  private constructor(folder: string, flags: readonly string[]) {
    this.folder = folder;
    this.#flags = flags;
  }

  static async create(...flags: string[]): Promise<Seastate> {
    return new Seastate(await mkdtemp(join(tmpdir(), 'seastate-')), flags);
  }

  /** On a folder that is there already. */
  static at(folder: string, ...flags: string[]): Seastate {
    return new Seastate(folder, flags);
  }

  get #report(): string {
    return `${this.folder}.report.json`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /**
   * Starts it, or starts it again on the same folder, anywhere or at a port; resolves when it is
   * ready.
   */
  async start(port = 0): Promise<this> {
    const listen = `127.0.0.1:${port}`;
    const flags = ['--listen', listen, '--data', this.folder, ...this.#flags];
    const child = spawn(process.execPath, [...reportTo(this.#report), program, 'run', ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    // Not `exit`: its last lines may come after it.
    this.#closed = once(child, 'close');
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.log.push(line);
      const url = /"url":"([^"]+)"/.exec(line)?.[1];
      if (url) resolve(url);
    });
    child.on('close', (code, signal) => {
      reject(
        new Error(`seastate ended with ${code ?? signal}:\n${this.log.slice(-20).join('\n')}`),
      );
    });
    this.url = await promise;
    promise.catch(() => {});
    await until(async () => (await fetch(`${this.url}/-/ready`)).ok);
    return this;
  }

  /** SIGKILL: no word to the process. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /**
   * SIGTERM: drains and snapshots. Returns the exit code; its log is whole by then. Rejects where
   * it hangs or crashes, with what it said last and what kept it.
   */
  async stop(): Promise<number> {
    const child = this.#child;
    const late = setTimeout(() => child?.kill('SIGUSR2'), 45_000);
    const code = await this.#end('SIGTERM');
    clearTimeout(late);
    if (code !== null) return code;
    const last = [...this.log.slice(-20), ...(await openHandles(this.#report))];
    throw new Error(`seastate ended by ${child?.signalCode}:\n${last.join('\n')}`);
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    const code = await endProcess(child, signal);
    await this.#closed;
    return code;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
    await rm(this.#report, { force: true });
  }

  /** `data` of an answer of the read API. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
  async api(path: string): Promise<any> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const body = (await response.json()) as { data: unknown; error?: string };
    if (!response.ok) throw new Error(`${path}: ${body.error}`);
    return body.data;
  }

  /** What a verb prints, run beside the process on the same folder. */
  async cli(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, out, err };
  }

  /** What `tail` prints of the last hour of this folder: a line of JSON each. */
  async tail(...words: string[]): Promise<string[]> {
    const how = ['--data', this.folder, '--no-follow', '--from', '-1h', '-o', 'jsonl'];
    const { code, out, err } = await this.cli('tail', ...words, ...how);
    if (code !== 0) throw new Error(`tail ended with ${code}: ${err}`);
    return out.trim().split('\n');
  }
}

/** Node tells of itself at SIGUSR2. */
const reportTo = (path: string): string[] => [
  '--report-on-signal',
  `--report-directory=${dirname(path)}`,
  `--report-filename=${basename(path)}`,
];

/** What kept a process from its end, by its report; none where it made none. */
async function openHandles(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '{"libuv":[]}');
  const { libuv } = JSON.parse(text) as {
    libuv: readonly { is_active?: boolean; is_referenced?: boolean }[];
  };
  return libuv
    .filter((one) => one.is_active && one.is_referenced)
    .map((one) => JSON.stringify(one));
}

/** Waits for a condition; an error in it counts as not yet. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 90_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error('gave up waiting', { cause: last });
    await sleep(25);
  }
}
