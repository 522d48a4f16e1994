import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcess, freePorts } from './processes.ts';
import { until } from './seastate.ts';

/** Where `npm run setup:kubernetes` puts the API server and etcd. */
const binaries = fileURLToPath(new URL('../../.cache/kubernetes', import.meta.url));
export const hasKubernetes = (): boolean => existsSync(join(binaries, 'kube-apiserver'));

/** A real API server with its etcd, in a temporary folder. */
export class ControlPlane {
  readonly folder: string;
  readonly #ports: { readonly etcd: number; readonly peer: number; readonly api: number };
  #etcd: ChildProcess | undefined;
  #api: ChildProcess | undefined;

  private constructor(folder: string, [etcd, peer, api]: number[]) {
    this.folder = folder;
    this.#ports = { etcd: etcd!, peer: peer!, api: api! };
  }

  static async start(): Promise<ControlPlane> {
    const folder = await mkdtemp(join(tmpdir(), 'seastate-kubernetes-'));
    const plane = new ControlPlane(folder, await freePorts(3));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(join(folder, 'tokens.csv'), 'admin,admin,1,system:masters\nnobody,nobody,2\n');
    plane.#startEtcd();
    await plane.startApi();
    return plane;
  }

  get server(): string {
    return `https://127.0.0.1:${this.#ports.api}`;
  }

  #startEtcd(): void {
    const { etcd, peer } = this.#ports;
    const [client, own] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${peer}`];
    this.#etcd = this.#spawn('etcd', [
      `--data-dir=${join(this.folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${own}`,
      `--initial-advertise-peer-urls=${own}`,
      `--initial-cluster=default=${own}`,
      '--unsafe-no-fsync',
      '--watch-progress-notify-interval=1s',
    ]);
  }

  async startApi(): Promise<void> {
    const { etcd, api } = this.#ports;
    const key = join(this.folder, 'sa.key');
    this.#api = this.#spawn('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${api}`,
      `--cert-dir=${this.folder}`,
      `--token-auth-file=${join(this.folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--etcd-compaction-interval=0',
      '--profiling=false',
    ]);
    await until(async () => (await this.call('GET', '/readyz')).status === 200, 300_000);
  }

  async stopApi(): Promise<void> {
    await endProcess(this.#api);
  }

  #spawn(name: string, flags: readonly string[]): ChildProcess {
    const child = spawn('nice', ['-n', '10', join(binaries, name), ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(join(this.folder, `${name}.log`), { flags: 'a' });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    return child;
  }

  /** A request to the API as its administrator. */
  call(method: string, path: string, body?: object): Promise<{ status: number; body: Answer }> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: 'Bearer admin', 'content-type': 'application/json' };
      const options = { method, headers, rejectUnauthorized: false, timeout: 30_000 };
      const sent = request(this.server + path, options, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const isJson = text.startsWith('{');
          resolve({ status: response.statusCode!, body: isJson ? JSON.parse(text) : { text } });
        });
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  }

  async create(path: string, body: object): Promise<Answer> {
    const answer = await this.call('POST', path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A kubeconfig with one context per token, by the names of the contexts. */
  async kubeconfig(tokens: Readonly<Record<string, string>>): Promise<string> {
    const ca = await readFile(join(this.folder, 'apiserver.crt'), 'base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'here',
          cluster: { server: this.server, 'certificate-authority-data': ca },
        },
      ],
      users: Object.entries(tokens).map(([name, token]) => ({ name, user: { token } })),
      contexts: Object.keys(tokens).map((name) => ({
        name,
        context: { cluster: 'here', user: name },
      })),
      'current-context': Object.keys(tokens)[0],
    };
    const path = join(this.folder, 'kubeconfig');
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  /** Makes etcd forget every version but the newest. */
  async compact(): Promise<void> {
    const ask = async (path: string, body: object): Promise<Answer> => {
      const response = await fetch(`http://127.0.0.1:${this.#ports.etcd}/v3/kv/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return (await response.json()) as Answer;
    };
    const { header } = await ask('range', { key: 'AA==' });
    await ask('compaction', { revision: header.revision, physical: true });
  }

  async close(): Promise<void> {
    await endProcess(this.#api);
    await endProcess(this.#etcd);
    await rm(this.folder, { recursive: true, force: true });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
type Answer = any;
