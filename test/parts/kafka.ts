import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { endProcess, freePorts } from './processes.ts';
import { until } from './seastate.ts';

const run = promisify(execFile);

/** Where `mvn -B -q -f test/kafka/pom.xml package` puts the broker's jars. */
export const kafkaJars = fileURLToPath(new URL('../../.cache/kafka', import.meta.url));

/** Whether the broker can be started here: its jars are fetched by the set-up. */
export const hasKafka = (): boolean => existsSync(kafkaJars);

export interface BrokerOptions {
  /** Further lines of server.properties; a later line wins. */
  readonly properties?: readonly string[];
  /** Further listeners by name, such as `SSL` or `SASL`: each gets a free port. */
  readonly listeners?: readonly string[];
  /** Arguments of the format command, such as `--add-scram`. */
  readonly format?: readonly string[];
}

/** A real KRaft broker of its own, in a temporary folder. */
export interface Broker {
  /** host:port of the plain listener. */
  readonly address: string;
  /** host:port of a further listener. */
  addressOf(listener: string): string;
  readonly folder: string;
  readonly pid: number;
  /** Ends it as a power cut would; the data stays. */
  kill(): Promise<void>;
  /** SIGSTOP: it hangs with its sockets open. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same ports and data. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const [broker] = await startCluster(1, options);
  return broker!;
}

/** `count` brokers, each also a controller, that form one cluster. */
export async function startCluster(count: number, options: BrokerOptions = {}): Promise<Broker[]> {
  if (!hasKafka()) {
    throw new Error('no jars of the broker: run mvn -B -q -f test/kafka/pom.xml package');
  }
  const names = ['PLAIN', ...(options.listeners ?? []), 'CONTROLLER'];
  const ports = await freePorts(count * names.length);
  const clusterId = `S${randomBytes(16).toString('base64url').slice(1)}`;
  const folders: string[] = [];
  for (let node = 0; node < count; node++) {
    folders.push(await mkdtemp(join(tmpdir(), 'seastate-kafka-')));
  }
  const port = (node: number, name: string): number =>
    ports[node * names.length + names.indexOf(name)]!;
  const formatting = folders.map(async (folder, node) => {
    const text = properties(folder, node, count, names, port, options);
    await writeFile(join(folder, 'server.properties'), text);
    const format = ['format', '-t', clusterId, '-c', join(folder, 'server.properties')];
    await run(
      'java',
      ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', `${kafkaJars}/*`].concat([
        'kafka.tools.StorageTool',
        ...format,
        ...(options.format ?? []),
      ]),
    );
  });
  await Promise.all(formatting);
  const starting = folders.map((folder, node) =>
    LocalBroker.start(folder, new Map(names.map((name) => [name, port(node, name)]))),
  );
  const brokers = await Promise.all(starting);
  for (const broker of brokers) await knowsAll(broker, count);
  return brokers;
}

/** Its port is open before it knows of the others: a topic made then would have fewer replicas. */
async function knowsAll({ address }: Broker, count: number): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [address] });
  try {
    const known = async () =>
      (await admin.metadata({ topics: [], forceUpdate: true })).brokers.size;
    await until(async () => (await known()) === count);
  } finally {
    await admin.close();
  }
}

function properties(
  folder: string,
  node: number,
  count: number,
  names: readonly string[],
  port: (node: number, name: string) => number,
  options: BrokerOptions,
): string {
  const at = (name: string): string => `${name}://127.0.0.1:${port(node, name)}`;
  const protocol = (name: string): string => {
    if (name.startsWith('SASL_SSL')) return 'SASL_SSL';
    if (name.startsWith('SASL')) return 'SASL_PLAINTEXT';
    return name.startsWith('SSL') ? 'SSL' : 'PLAINTEXT';
  };
  const nodes = Array.from({ length: count }, (_, i) => i);
  const copies = Math.min(3, count);
  return [
    'process.roles=broker,controller',
    `node.id=${node + 1}`,
    `controller.quorum.voters=${nodes
      .map((i) => `${i + 1}@127.0.0.1:${port(i, 'CONTROLLER')}`)
      .join(',')}`,
    `listeners=${names.map(at).join(',')}`,
    `advertised.listeners=${names
      .filter((name) => name !== 'CONTROLLER')
      .map(at)
      .join(',')}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAIN',
    `listener.security.protocol.map=${names.map((n) => `${n}:${protocol(n)}`).join(',')}`,
    `log.dirs=${join(folder, 'data')}`,
    `offsets.topic.replication.factor=${copies}`,
    'offsets.topic.num.partitions=1',
    `transaction.state.log.replication.factor=${copies}`,
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'share.coordinator.state.topic.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    // A killed broker may register again only when its old session is over.
    'broker.session.timeout.ms=3000',
    'broker.heartbeat.interval.ms=500',
    'auto.create.topics.enable=false',
    'log.cleaner.dedupe.buffer.size=16777216',
    ...(options.properties ?? []),
    '',
  ].join('\n');
}

class LocalBroker implements Broker {
  readonly folder: string;
  readonly #ports: ReadonlyMap<string, number>;
  #process: ChildProcess;

  private constructor(folder: string, ports: ReadonlyMap<string, number>, process: ChildProcess) {
    this.folder = folder;
    this.#ports = ports;
    this.#process = process;
  }

  static async start(folder: string, ports: ReadonlyMap<string, number>): Promise<Broker> {
    return new LocalBroker(folder, ports, await LocalBroker.#spawn(folder, ports));
  }

  static async #spawn(folder: string, ports: ReadonlyMap<string, number>): Promise<ChildProcess> {
    const log = await open(join(folder, 'broker.out'), 'a');
    const child = spawn(
      'nice',
      ['-n', '10', 'java', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'].concat([
        '-cp',
        `${kafkaJars}/*`,
        'kafka.Kafka',
        join(folder, 'server.properties'),
      ]),
      { stdio: ['ignore', log.fd, log.fd] },
    );
    await log.close();
    try {
      await portOpen(ports.get('PLAIN')!, child, 300_000);
    } catch (error) {
      child.kill('SIGKILL');
      const text = await readFile(join(folder, 'broker.out'), 'utf8');
      throw new Error(`the broker did not start: ${text.slice(-2000)}`, { cause: error });
    }
    return child;
  }

  get address(): string {
    return this.addressOf('PLAIN');
  }

  addressOf(listener: string): string {
    return `127.0.0.1:${this.#ports.get(listener)}`;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  async kill(): Promise<void> {
    await endProcess(this.#process);
  }

  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#process = await LocalBroker.#spawn(this.folder, this.#ports);
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function portOpen(port: number, child: ChildProcess, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`port ${port} did not open within ${withinMs} ms`);
}
