import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openConfig } from '../../config/open.ts';
import { sinkOptionsOf } from './from-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-sink-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function optionsOf(sinks: string) {
  const path = join(folder, 'seastate.yaml');
  writeFileSync(path, `process:\n  sinks:\n    prometheus:\n${sinks}`);
  const { config } = openConfig({ path, overrides: [], sections: {}, env: { KEY: 'k' } });
  return sinkOptionsOf(config, { now: Date.now, random: Math.random, warn: () => {} });
}

test('secrets come from files and the environment, and are read again', () => {
  writeFileSync(join(folder, 'token'), 'first\n');
  const [bearer, basic] = optionsOf(`
      - {url: 'http://a:9090/api/v1/write', bearer: {token_file: token}, headers: {x-key: '\${env:KEY}'}}
      - {url: 'https://b/write', name: two, basic: {user: u, password: p}, connections: 1}
`);
  expect(bearer!.client.headers()).toEqual({ 'x-key': 'k', authorization: 'Bearer first' });
  writeFileSync(join(folder, 'token'), 'second\n');
  expect(bearer!.client.headers()).toMatchObject({ authorization: 'Bearer second' });
  expect(basic!.client.headers()).toEqual({ authorization: 'Basic dTpw' });
  expect([bearer!.name, basic!.name]).toEqual(['a-9090', 'two']);
  expect(bearer!.path).toMatch(/sinks\/prometheus-a-9090\.json$/);
});

test('mistakes are told with their place', () => {
  const one = '      - {url: "http://a/write"}\n';
  expect(() => optionsOf(one + one)).toThrow('two sinks are called "a"');
  expect(() => optionsOf('      - {url: "a:9090"}\n')).toThrow(
    'sinks.prometheus[0].url: write it as',
  );
  expect(() => optionsOf('      - {url: nonsense}\n')).toThrow('url: write it as');
  const both = '{url: "http://a/w", bearer: {token: t}, basic: {user: u, password: p}}';
  expect(() => optionsOf(`      - ${both}\n`)).toThrow('give basic or bearer, not both');
});
