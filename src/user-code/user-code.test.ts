import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { typeCheck } from './type-check.ts';
import { readUserCode } from './user-code.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-user-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = async (name: string, code: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, code);
  return path;
};
const model = (name: string, score: string, more = '') => `import { defineModel } from 'seastate';
import { z } from 'zod';
${more}
export const it = defineModel({
  name: '${name}', version: 1, summary: 's', parameters: z.strictObject({ width: z.number().min(1).default(3) }),
  state: { last: 'f64' },
  score(sample, state, at, { width }, result) {
    ${score}
  },
});
`;
const good =
  'result.score = Math.abs(sample.value - state.last[at]!) / width; state.last[at] = sample.value;';
const read = (models: string[], settings = {}, tries = false) =>
  readUserCode({ processors: [], models }, settings, { tries });

test('two files may use the same name of an export', async () => {
  const files = [await write('a.ts', model('a', good)), await write('b.ts', model('b', good))];
  const code = await read(files, {}, true);
  expect(code.models.map(({ name, file }) => [name, file])).toEqual([
    ['a', 'a.ts'],
    ['b', 'b.ts'],
  ]);
  expect([code.problems, code.faults]).toEqual([[], []]);
});

test.each([
  [
    'a shipped name',
    model('ewma-band', good),
    /a\.ts: model "ewma-band" has the name of a shipped one/,
  ],
  ['no model', 'export const x = 1;', /a\.ts: it exports no model/],
  ['a bad name', model('No', good).replace('defineModel({', '({'), /a\.ts: .*kebab-case/],
  [
    'the clock at the top',
    model('a', good, 'export const t = Date.now();'),
    /a\.ts:3:\d+: Date\.now is closed/,
  ],
  ['a syntax error', 'export const a = ;', /a\.ts:1:17/],
  [
    'a built-in module by another way',
    model('a', good, "const fs = await import(['node', 'fs'].join(':'));"),
    /import of node:fs is closed/,
  ],
  [
    'the same by the constructor of functions',
    model('a', good, "await new Function('return import(\\'node:os\\')')();"),
    /import of node:os is closed/,
  ],
  [
    'a column of no type',
    model('a', good).replace("'f64'", "'f63' as never"),
    /a\.ts:4:\d+: .*f63/,
  ],
])('%s is refused with file and place', async (_, code, message) => {
  await expect(read([await write('a.ts', code)])).rejects.toThrow(message);
});

test('two models of one name are refused, both files named', async () => {
  const files = [
    await write('a.ts', model('same', good)),
    await write('b.ts', model('same', good)),
  ];
  await expect(read(files)).rejects.toThrow(/b\.ts: model "same" is in a\.ts too/);
});

test('routes are checked by the model that they name', async () => {
  const file = await write('a.ts', model('mine', good));
  const route = (name: string, parameters: object) => ({
    ...{ select: '{x="y"}', model: name, parameters, per_series_day: 1, per_cluster_day: 1 },
  });
  const routes = [route('mine', { width: 2 }), route('mine', { widht: 2 }), route('mime', {})];
  const { problems } = await read([file], { anomalies: { routes, scores: [] } });
  expect(problems).toEqual([
    {
      path: ['settings', 'anomalies', 'routes', 1, 'parameters', 'widht'],
      message: 'unknown parameter; did you mean width? (model mine)',
    },
    {
      path: ['settings', 'anomalies', 'routes', 2, 'model'],
      message: 'no model is named "mime"; did you mean mine?',
    },
  ]);
});

test('a model over several series is refused where a route names it', async () => {
  const code = model('pair', good).replace('state:', "inputs: ['asked', 'done'], state:");
  const routes = [{ select: '{x="y"}', model: 'pair', parameters: {} }];
  const { problems } = await read([await write('a.ts', code)], { anomalies: { routes } });
  expect(problems).toEqual([
    {
      path: ['settings', 'anomalies', 'routes', 0, 'model'],
      message:
        'model pair is over several series (asked, done), and a route gives it one: ' +
        'write a processor instead',
    },
  ]);
});

test.each([
  [
    'throws',
    "if (sample.value === 8) throw new Error('eight');",
    /on a constant series.*eight.*a\.ts:8:/,
  ],
  ['no number', 'result.score = sample.value / 0 - Infinity;', /it gave score NaN/],
  ['the clock', 'result.score = Date.now();', /Date\.now is closed.*a\.ts:8:/],
  ['randomness', 'result.score = Math.random();', /Math\.random is closed/],
  ['memory outside its state', 'result.score = (n += 1) % 7;', /two runs differ/],
])('a trial shows %s', async (_, score, message) => {
  const file = await write('a.ts', model('mine', score, 'let n = 0;'));
  const { faults } = await read([file], {}, true);
  expect(faults[0]).toMatchObject({
    file: 'a.ts',
    model: 'mine',
    message: expect.stringMatching(message),
  });
});

test.each([
  ['has no end', 'for (;;) {}', 'no end within 10 s', 10_000],
  [
    'takes all memory',
    'const all: number[][] = []; for (;;) all.push(new Array(1e6).fill(0.5));',
    'memory limit',
    20_000,
  ],
  [
    'takes all memory by typed arrays',
    'const all: Float64Array[] = []; for (;;) all.push(new Float64Array(1e5).fill(1));',
    'typed arrays reached the memory limit of 512 MiB',
    20_000,
  ],
])('a model that %s is named', async (_, score, what, deadlineMs) => {
  const files = { processors: [], models: [await write('a.ts', model('mine', score))] };
  await expect(readUserCode(files, {}, { tries: true, deadlineMs })).rejects.toThrow(
    new RegExp(`a\\.ts: model mine on a counter with a reset: .*${what}`),
  );
});

test('types are checked, strictly and without clock, files and network', async () => {
  const files = [
    await write('good.ts', model('a', good)),
    await write(
      'bad.ts',
      model('b', 'result.scor = state.missing[at]!; setTimeout(() => 1); const n: number = "a";'),
    ),
  ];
  const mistakes = await typeCheck(files);
  expect(mistakes.every((line) => line.startsWith(`${files[1]}:8:`))).toBe(true);
  const all = mistakes.join('\n');
  for (const what of ["'scor'", "'missing'", "'setTimeout'", "Type 'string'"])
    expect(all).toContain(what);
});

test('an upgrade is tried on a state of the version before, and its mistake has a place', async () => {
  const upgrading = (upgrade: string) =>
    model('a', good).replace('version: 1', 'version: 3').replace('score(', `${upgrade}\n  score(`);
  const faultsOf = async (upgrade: string) =>
    (await read([await write('a.ts', upgrading(upgrade))], {}, true)).faults.map(
      ({ message }) => message,
    );
  expect(await faultsOf('upgrade(from, state, at) { state.last[at]! += from; },')).toEqual([]);
  expect(await faultsOf('upgrade(from) { throw new Error(`from ${from}`); },')).toEqual([
    expect.stringMatching(/on a state of version 2: .*from version 2: from 2 \(.*a\.ts:\d+:\d+\)/),
  ]);
  // What it leaves behind is tried too.
  const leaves = 'upgrade(_from, state, at) { state.last[at] = Number.NaN; },';
  expect(await faultsOf(leaves)).toEqual([expect.stringContaining('on a state of version 2: ')]);
});
