import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeRequest } from '../../src/formats/remote-write/encode.ts';
import { encodeBody } from '../../src/formats/snappy/body-encoding.ts';

/** The package as users get it: packed, installed with install scripts off, run from dist/. */
const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
let folder = '';
let program = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-pack-'));
  await execute('npm', ['pack', '--pack-destination', folder], { cwd: root });
  const [tarball] = await readdir(folder);
  await writeFile(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await execute('npm', ['install', ...quietly, `./${tarball}`], { cwd: folder });
  program = join(folder, 'node_modules', 'seastate', 'bin', 'seastate');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const seastate = (...args: string[]) =>
  execute(process.execPath, [program, ...args], { cwd: folder });

test('it holds what it needs and no more', async () => {
  const files = await readdir(join(folder, 'node_modules', 'seastate'), { recursive: true });
  expect(files).toContain('dist/cli/main.js');
  expect(files).toContain('web/dist/index.html');
  expect(files).toContain('LICENSE');
  const foreign = files.filter((name) => /^(src|test|bench|scripts|spark|docs)\b/.test(name));
  expect(foreign).toEqual([]);
  expect(files.filter((name) => /\.test[-.]|\btest-child\b|(?<!\.d)\.ts$/.test(name))).toEqual([]);
});

test('version, help, check', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect((await seastate('version')).stdout).toMatch(new RegExp(`^seastate ${version} `));
  expect((await seastate('--help')).stdout).toContain('Start here:');
  expect((await seastate('check')).stderr).toContain('good');
});

function firingAlert(): Uint8Array {
  const labels = { __name__: 'ALERTS', alertname: 'Packed', alertstate: 'firing', cluster: 'c1' };
  const samples = [{ time: Date.now(), value: 1 }];
  return encodeBody('snappy', encodeRequest([{ labels: Object.entries(labels), samples }]));
}

test('run takes an alert, tells it, and ends in peace', async () => {
  const args = ['run', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')];
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  const { promise: listening, resolve } = Promise.withResolvers<string>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    const url = /"url":"([^"]+)"/.exec(line)?.[1];
    if (url) resolve(url);
  });
  const exit = once(child, 'exit');
  try {
    const url = await Promise.race([listening, exit.then(() => Promise.reject(lines.join('\n')))]);
    while (!(await fetch(`${url}/-/ready`)).ok) await new Promise((go) => setTimeout(go, 20));
    const answer = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: {
        'content-encoding': 'snappy',
        'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
      },
      body: Buffer.from(firingAlert()),
    });
    expect(answer.status).toBe(204);
    // Only a worker thread that runs from dist/ can have seen it.
    let alerts: readonly { alertname: string }[] = [];
    while (alerts.length === 0) {
      await new Promise((go) => setTimeout(go, 50));
      const body = (await (await fetch(`${url}/api/v1/alerts`)).json()) as {
        data: { alerts: typeof alerts };
      };
      alerts = body.data.alerts;
    }
    expect(alerts).toMatchObject([{ alertname: 'Packed', cluster: 'c1' }]);
    const page = await fetch(`${url}/`);
    expect(page.headers.get('content-type')).toContain('text/html');
  } finally {
    child.kill('SIGTERM');
  }
  const [code] = await exit;
  expect(code, lines.join('\n')).toBe(0);
});

test('the public API, as a module and as types', async () => {
  const code = "import { defineProcessor } from 'seastate'; console.log(typeof defineProcessor);";
  await writeFile(join(folder, 'use.js'), code);
  expect((await execute(process.execPath, ['use.js'], { cwd: folder })).stdout).toBe('function\n');
  await writeFile(
    join(folder, 'use.ts'),
    "import { defineProcessor, type Block } from 'seastate';\n" +
      'export const mine = defineProcessor({\n' +
      "  name: 'mine', version: 1, outputs: ['x-mine'],\n" +
      '  create: () => ({ samples: (block: Block) => void block.length }),\n' +
      '});\n',
  );
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  await execute(tsc, ['--noEmit', '--strict', '--module', 'nodenext', 'use.ts'], { cwd: folder });
});

test('models of users are type-checked, bundled and tried from the package', async () => {
  const code = await readFile(join(root, 'examples/ewma-band/ewma-band.ts'), 'utf8');
  await writeFile(join(folder, 'mine.ts'), code);
  const route = '{select: "m", model: my-ewma-band, parameters: {samples: 50}}';
  const config = (text: string) =>
    writeFile(
      join(folder, 'models.yaml'),
      `process: {models: [mine.ts]}\nsettings: {anomalies: {routes: [${text}]}}\n`,
    );
  await config(route);
  expect((await seastate('check', 'models.yaml')).stderr).toContain(
    'model my-ewma-band, version 1',
  );
  await config(route.replace('samples', 'sampels'));
  await expect(seastate('check', 'models.yaml')).rejects.toThrow(/2:\d+: .*did you mean samples/);
  await writeFile(join(folder, 'mine.ts'), code.replace('sample.value', 'sample.valeu'));
  await expect(seastate('check', 'models.yaml')).rejects.toThrow(/mine\.ts:\d+:\d+: .*'valeu'/);
});
