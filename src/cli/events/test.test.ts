import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { eventsTest } from './test.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function run(
  files: string[],
  rules: string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
  };
  const code = await eventsTest({ files, rules, cluster: 'c1' }, io);
  return { code, out, err };
}

const event = (reason: string, at: string, more: object = {}): string =>
  JSON.stringify({
    metadata: { name: 'n1.1', namespace: 'default' },
    involvedObject: { kind: 'Node', name: 'n1' },
    reason,
    message: `Node n1 status is now: ${reason}`,
    source: { component: 'kubelet', host: 'n1' },
    firstTimestamp: `2026-11-22T13:${at}Z`,
    lastTimestamp: `2026-11-22T13:${at}Z`,
    type: 'Normal',
    ...more,
  });

describe('events test', () => {
  it('prints what it found, one object per line, from records of any shape and metrics', async () => {
    const events = [
      JSON.stringify({ verb: 'ADDED', event: JSON.parse(event('NodeHasDiskPressure', '41:53')) }),
      '',
      'a platform log that is no JSON',
      JSON.stringify({ message: event('NodeHasNoDiskPressure', '45:00') }),
    ];
    const t = Date.UTC(2026, 10, 22, 13, 42);
    const labels = { node: 'n1', condition: 'DiskPressure', status: 'true' };
    const metric = { t, metric: 'kube_node_status_condition', labels, value: 0 };
    const { code, out, err } = await run([
      fileOf('events.jsonl', events.join('\n')),
      fileOf('metrics.jsonl', `${JSON.stringify(metric)}\n`),
    ]);
    expect(code).toBe(0);
    expect(err).toBe('');
    const found = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found).toHaveLength(1);
    expect(Object.keys(found[0])).toEqual([
      'id',
      'fact',
      'object',
      'start',
      'end',
      'parent',
      'evidence',
    ]);
    expect(found[0]).toMatchObject({
      fact: 'node_disk_pressure',
      object: 'Node/n1',
      start: Date.UTC(2026, 10, 22, 13, 41, 53),
      end: Date.UTC(2026, 10, 22, 13, 45),
      parent: null,
    });
  });

  it('reads one document that is spread over lines', async () => {
    const pretty = JSON.stringify({ items: [JSON.parse(event('SystemOOM', '41:53'))] }, null, 2);
    const { out } = await run([fileOf('list.json', pretty)]);
    expect(JSON.parse(out)).toMatchObject({ fact: 'node_system_oom', end: expect.any(Number) });
  });

  it('counts what it could not use, and lists reasons that it does not know', async () => {
    const lines = [
      event('NodeReady', '41:53').slice(0, 80),
      event('Sneezed', '41:54'),
      event('', '41:55'),
    ];
    const { code, err } = await run([fileOf('bad.jsonl', lines.join('\n'))]);
    expect(code).toBe(0);
    expect(err.split('\n').slice(0, 3)).toEqual([
      '1 records could not be used: not_json',
      '1 records could not be used: no_reason',
      'unclassified: Node Sneezed (kubelet) x1: Node n1 status is now: Sneezed',
    ]);
  });

  it('survives all that is no event, and finds the rest', async () => {
    const good = [event('NodeHasDiskPressure', '41:53'), event('NodeHasNoDiskPressure', '45:00')];
    const metric = (t: unknown, value: unknown, labels: unknown = {}): string =>
      JSON.stringify({ t, metric: 'up', labels, value });
    const involved = '"involvedObject":{"kind":"Node","name":"n1"},"reason":"NodeReady"';
    const deep = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)},${involved}}`;
    const bad = [
      'involvedObject but no JSON',
      good[0]!.slice(0, -20),
      deep,
      `{${involved},"message":"${'x'.repeat(10 * 1024 * 1024)}"}`,
      event('NodeReady', '41:55').replaceAll('2026-11', '0001-05'),
      event('NodeReady', '41:55').replaceAll('2026-11', '2999-11'),
      event('NodeReady', '41:55').replaceAll('2026-11-22T13', '0001-01-01T00'),
      '[]',
      'null',
      '{"metric":1}',
      metric('now', 1),
      metric(1, 'one'),
      metric(-1, 1),
      metric(Date.UTC(2026, 10, 22, 13, 42), 1, { node: 7 }),
      metric(Date.UTC(2999, 0, 1), 1),
      metric(Date.UTC(2026, 10, 22, 13, 42), 1, { job: 'kubelet', node: 'n1' }),
      '\u0000\ufffd\ud800',
    ];
    const { code, out, err } = await run([fileOf('bad.jsonl', [...bad, ...good].join('\n'))]);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ fact: 'node_disk_pressure' });
    expect(err.trim().split('\n').toSorted()).toEqual([
      '1 records could not be used: not_json',
      '1 records could not be used: too_deep',
      '1 records could not be used: too_large',
      '2 records could not be used: no_time',
      '2 records could not be used: time_far_off',
      '4 records could not be used: bad_metric',
    ]);
  });

  it('tests own rules', async () => {
    const rules = fileOf(
      'own.yaml',
      `
signals: [{ id: sneezed, scope: 'Node/{name}', event: { reason: Sneezed } }]
rules:
  - { id: sneeze, fact: node_sneezed, title: A node sneezed, severity: info,
      object: 'Node/{name}', track: instant, start: [sneezed] }
`,
    );
    const { out, err } = await run([fileOf('sneeze.jsonl', event('Sneezed', '41:54'))], [rules]);
    expect(JSON.parse(out)).toMatchObject({ fact: 'node_sneezed', object: 'Node/n1' });
    expect(err).toBe('');
  });

  it('fails with a reason', async () => {
    expect((await run([fileOf('empty.jsonl', '')])).code).toBe(1);
    const broken = run(
      [fileOf('e.jsonl', event('NodeReady', '41:53'))],
      [fileOf('r.yaml', 'rules: 1')],
    );
    await expect(broken).rejects.toThrow(/r\.yaml:1:\d+: rules: /);
  });
});
