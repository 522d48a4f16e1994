import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ControlPlane, hasKubernetes } from '../parts/kubernetes.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { dataOf, recordsOfKind } from '../spine/read-back.ts';

const manifests = join(import.meta.dirname, '..', '..', 'deploy', 'kubernetes-watch');
/** Paths of the API by kind. */
const paths: Readonly<Record<string, (namespace: string) => string>> = {
  Namespace: () => '/api/v1/namespaces',
  ServiceAccount: (namespace) => `/api/v1/namespaces/${namespace}/serviceaccounts`,
  ClusterRole: () => '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: () => '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
};

// The binaries take minutes to build, so this is for those who asked: npm run setup:kubernetes.
describe.skipIf(!hasKubernetes())('a watch of a real API server', () => {
  let plane: ControlPlane;
  let seastate: Seastate;
  const expected = new Set<string>();

  beforeAll(async () => {
    plane = await ControlPlane.start();
    const rbac = parseAllDocuments(readFileSync(join(manifests, 'rbac.yaml'), 'utf8'));
    for (const document of rbac) {
      const object = document.toJS();
      await plane.create(paths[object.kind]!(object.metadata.namespace), object);
    }
    await plane.create('/api/v1/namespaces', { metadata: { name: 'team-a' } });
    const account = '/api/v1/namespaces/seastate/serviceaccounts/seastate-watch/token';
    const { status } = await plane.create(account, { spec: { expirationSeconds: 3_600 } });
    const kubeconfig = await plane.kubeconfig({ watch: status.token, nobody: 'nobody' });
    seastate = await Seastate.create();
    const config = join(seastate.folder, 'seastate.yaml');
    await writeFile(
      config,
      `process:
  sources:
    retry_max: 2s
    kubernetes:
      - {cluster: c1, kubeconfig: ${kubeconfig}, context: watch, page_size: 3}
      - {cluster: c2, kubeconfig: ${kubeconfig}, namespaces: [team-a], watch_timeout: 2s}
      - {cluster: c3, kubeconfig: ${kubeconfig}, context: nobody}
`,
    );
    seastate = Seastate.at(seastate.folder, '--partitions', '2', '-c', config);
  });
  afterAll(async () => {
    await seastate?.close();
    await plane?.close();
  });

  /** Of the newest event. */
  let newest = 0;
  const positionOf = (name: string): number => {
    const path = join(seastate.folder, 'sources', `kubernetes-${name}.json`);
    return Number(Object.values(JSON.parse(readFileSync(path, 'utf8')).positions)[0]);
  };

  let serial = 0;
  async function say(namespace: string, reason: string): Promise<void> {
    const name = `worker-1.${(0x18ea61c910a7d81bn + BigInt(++serial)).toString(16)}`;
    const time = new Date().toISOString();
    const made = await plane.create(`/api/v1/namespaces/${namespace}/events`, {
      metadata: { name, namespace },
      involvedObject: {
        kind: namespace === 'default' ? 'Node' : 'Pod',
        name: 'worker-1',
        namespace,
      },
      reason,
      message: `Node worker-1 status is now: ${reason}`,
      type: 'Normal',
      source: { component: 'node-controller' },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    });
    newest = Number(made.metadata.resourceVersion);
    expected.add(`c1 ${name}`);
    if (namespace === 'team-a') expected.add(`c2 ${name}`);
  }

  /** Events in `telemetry` by cluster and name, and how many records there are of each. */
  async function found(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const { headers, value } of await recordsOfKind(seastate.folder, 'kubernetes-event')) {
      const key = `${headers['cluster']} ${JSON.parse(Buffer.from(value!).toString()).name}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }
  const allThere = () =>
    until(async () => {
      const names = await found();
      return [...expected].every((name) => names.has(name));
    }, 60_000);
  const sources = async (): Promise<Record<string, { state: string; error: string | null }>> =>
    Object.fromEntries(
      (await seastate.api('status')).sources.map((one: { source: string }) => [one.source, one]),
    );
  async function lists(source: string): Promise<number> {
    const text = await (await fetch(`${seastate.url}/metrics`)).text();
    return Number(
      new RegExp(`seastate_source_lists_total\\{source="kubernetes/${source}"\\} (\\d+)`).exec(
        text,
      )![1],
    );
  }

  test('a list, then a watch: with the rights that we ship, and only the wanted namespace', async () => {
    for (let i = 0; i < 8; i++) await say(i % 2 === 0 ? 'default' : 'team-a', 'Starting');
    await seastate.start();
    await allThere();
    for (let i = 0; i < 4; i++) await say(i % 2 === 0 ? 'default' : 'team-a', 'Starting');
    await say('default', 'NodeNotReady');
    await allThere();
    expect(await lists('c1')).toBe(1);
    const { 'kubernetes/c3': denied } = await sources();
    expect(denied).toMatchObject({ state: 'waiting', error: expect.stringContaining('403') });
  });

  test('bookmarks move the position while nothing happens', async () => {
    const before = positionOf('c2');
    const { body } = await plane.call('GET', '/api/v1/namespaces/team-a');
    for (let i = 0; i < 3; i++) {
      await plane.call('PUT', '/api/v1/namespaces/team-a', {
        ...body,
        metadata: { name: 'team-a', labels: { turn: String(i) } },
      });
    }
    await until(() => positionOf('c2') > before);
  });

  test('after a kill it goes on where it stood, without a list', async () => {
    // The position is kept every second.
    await until(() => positionOf('c1') >= newest);
    await seastate.kill();
    await say('team-a', 'Starting');
    await say('default', 'Starting');
    await seastate.start();
    await allThere();
    expect(await lists('c1')).toBe(0);
  });

  test('an API server that is away holds up nobody, and is taken up again', async () => {
    await plane.stopApi();
    await until(async () => (await sources())['kubernetes/c1']!.state === 'waiting', 60_000);
    expect((await fetch(`${seastate.url}/-/ready`)).status).toBe(200);
    await plane.startApi();
    await say('default', 'Starting');
    await allThere();
  });

  test('when the server has forgotten the position (410) it lists again: no fact twice', async () => {
    await seastate.stop();
    await say('team-a', 'Starting');
    await say('default', 'Starting');
    await plane.compact();
    await seastate.start();
    await allThere();
    await until(async () => (await lists('c1')) >= 1);
    const repeats = [...(await found()).values()].filter((count) => count > 1);
    expect(repeats.length).toBeGreaterThan(5);
    await until(async () => {
      const { partitions } = await seastate.api('status');
      return partitions.every((one: { lag_records: number }) => one.lag_records === 0);
    });
    const facts = (await dataOf(seastate.folder, 'events')) as { object: string; fact: string }[];
    const opened = facts.filter(
      (one) => one.object === 'Node/worker-1' && (one as { change?: string }).change === 'open',
    );
    expect(opened.map(({ fact }) => fact)).toHaveLength(1);
  });
});
