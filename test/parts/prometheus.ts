import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, freePorts } from './processes.ts';
import { prometheusDebian } from './programs.ts';

export interface PrometheusOptions {
  /**
   * The configuration. `$PORT` stands for its own port, `$RULES` for the path of its rules and
   * `$DIR` for its folder.
   */
  readonly configYaml: string;
  readonly rulesYaml?: string;
  /** Default: Debian's. */
  readonly binary?: string;
  /** Further flags. */
  readonly flags?: readonly string[];
}

/** A real Prometheus on a free port, in a temporary folder. */
export interface Prometheus {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly pid: number;
  /** The result of an instant query, as its API gives it. */
  query(expression: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]>;
  /** Every sample of a range such as `up[1h]`, as `label values time value`; values as numbers. */
  samples(range: string): Promise<Set<string>>;
  /** What it has logged so far. */
  log(): Promise<string>;
  /** Reads its files again. */
  reload(): void;
  /** SIGKILL, as a crash would; the folder stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const binary = options.binary ?? prometheusDebian;
  if (!binary || !existsSync(binary)) {
    throw new Error('no Prometheus here: run node scripts/setup.mjs test');
  }
  const folder = await mkdtemp(join(tmpdir(), 'seastate-prometheus-'));
  const [port = 0] = await freePorts(1);
  const rules = join(folder, 'rules.yml');
  const config = options.configYaml
    .replaceAll('$PORT', String(port))
    .replaceAll('$RULES', rules)
    .replaceAll('$DIR', folder);
  await writeFile(join(folder, 'prometheus.yml'), config);
  await writeFile(rules, options.rulesYaml ?? 'groups: []\n');
  const prometheus = new LocalPrometheus(binary, folder, port, options.flags ?? []);
  try {
    await prometheus.restart();
  } catch (error) {
    await prometheus.close();
    throw error;
  }
  return prometheus;
}

type Matrix = { metric: Record<string, string>; values: [number, string][] }[];

class LocalPrometheus implements Prometheus {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly #binary: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;

  constructor(binary: string, folder: string, port: number, flags: readonly string[]) {
    this.url = `http://127.0.0.1:${port}`;
    this.port = port;
    this.folder = folder;
    this.#binary = binary;
    this.#flags = flags;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async restart(): Promise<void> {
    const child = spawn(
      this.#binary,
      [
        `--config.file=${join(this.folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(this.folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${this.port}`,
        ...this.#flags,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = child;
    child.stderr.pipe(createWriteStream(join(this.folder, 'log'), { flags: 'a' }));
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    child.on('error', failed.reject);
    child.on('exit', (code, signal) => {
      failed.reject(new Error(`Prometheus ended with ${code ?? signal}`));
    });
    try {
      await Promise.race([this.#ready(), failed.promise]);
    } catch (error) {
      throw new Error(`${String(error)}\n${await this.log()}`);
    }
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + 300_000;
    while (performance.now() < deadline) {
      const response = await fetch(`${this.url}/-/ready`).catch(() => undefined);
      await response?.body?.cancel();
      if (response?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('Prometheus was not ready within 5 min');
  }

  async query(
    expression: string,
  ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
    const url = `${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const answer = (await (await fetch(url)).json()) as {
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
      error?: string;
    };
    if (!answer.data) throw new Error(`query ${expression}: ${answer.error}`);
    return answer.data.result;
  }

  async samples(range: string): Promise<Set<string>> {
    const found = new Set<string>();
    for (const { metric, values } of (await this.query(range)) as unknown as Matrix) {
      const labels = Object.keys(metric).sort();
      const text = labels.map((name) => metric[name]).join(' ');
      for (const [time, value] of values) {
        found.add(`${text} ${Math.round(time * 1000)} ${Number(value.replace('Inf', 'Infinity'))}`);
      }
    }
    return found;
  }

  log(): Promise<string> {
    return readFile(join(this.folder, 'log'), 'utf8');
  }

  reload(): void {
    this.#process?.kill('SIGHUP');
  }

  async kill(): Promise<void> {
    await endProcess(this.#process);
  }

  async close(): Promise<void> {
    await endProcess(this.#process, 'SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }
}
