import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProcessorDefinition } from '../../src/engine/processor.ts';
import type { RunnerSetup } from '../../src/engine/runner/runner.ts';
import type { StageOutput } from '../../src/engine/stage.ts';
import { StageDriver } from '../../src/testing/stage-driver.ts';
import { bundleFiles, putBundle } from '../../src/user-code/bundle.ts';
import { inProcess, inThread, run } from '../parts/runner.ts';

/** What processors see of the machine: nothing, whatever its time zone and language. */
let folder: string;
let setup: RunnerSetup;
let definition: ProcessorDefinition;
const zone = process.env['TZ'];

/** Each is called in a tick; what it gives, or that it is closed, goes out. */
const looks = [
  "new Date('2024-03-10T02:30:00').toISOString()",
  "new Date('2024-03-10T02:30').getTime()",
  "new Date('2024-03-10').getTime()",
  "new Date('2024-03-10T02:30:00+05:30').getTime()",
  "new Date('2024-03-10t02:30:00.5z').getTime()",
  "new Date('Mar 10, 2024 02:30').getTime()",
  "Date.parse('2024/03/10 02:30')",
  'Date.parse(new Date(1e12).toUTCString())',
  "new Date({ toString: () => '2024-03-10T02:30:00' }).getTime()",
  'new Date(new Date(5)).getTime() + new Date(7n).getTime()',
  "new (new Date(0).constructor)('2024-03-10T02:30:00').getTime()",
  'new Date(0).getHours()',
  'new Date(0).getTimezoneOffset()',
  '`${new Date(0)}`',
  'new Date(0).toLocaleString()',
  'new Date(2024, 2, 10).getTime()',
  'new Date().getTime()',
  'Date.now()',
  'Date()',
  'Math.random()',
  '(1234.5).toLocaleString()',
  '[1234.5].toLocaleString()',
  '1234n.toLocaleString()',
  "'z'.localeCompare('\u00e4')",
  "'I'.toLocaleLowerCase()",
  'URL.createObjectURL({})',
  "Buffer.from('abc').buffer.byteLength + Buffer.from([1, 2]).buffer.byteLength",
  'Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1).async',
];
/** What errors show of the program around the processor; the kit leaves that too. */
const shown: Readonly<Record<string, string>> = {
  "new TypeError('oh').stack": 'TypeError: oh',
  '(() => { const o = {}; Error.captureStackTrace(o); return o.stack; })()': 'Error',
  "(() => { Error.prepareStackTrace = (_, calls) => `${calls}`; return new Error('x').stack; })()":
    'Error: x',
  "(() => { try { null.x; } catch (error) { return error.stack.split('\\n').length; } })()": '1',
  'structuredClone(new RangeError(1)).stack': 'RangeError: 1',
  'import.meta.url': 'undefined',
};
/** As the running program has it; the kit, within somebody's test, leaves them. */
const gone = [
  ...['process', 'console', 'Intl', 'Temporal', 'crypto', 'performance', 'PerformanceMark'],
  ...['setTimeout', 'setImmediate', 'queueMicrotask', 'WeakRef', 'FinalizationRegistry'],
  ...['Event', 'AbortSignal', 'fetch', 'navigator', 'File', 'MessageChannel'],
  ...[
    'PerformanceEntry',
    'PerformanceResourceTiming',
    'ReadableStream',
    'EventTarget',
    'gc',
    'EventSource',
  ],
].map((name) => `typeof ${name}`);
/** The names of all that is left. */
const left =
  "Object.getOwnPropertyNames(globalThis).filter((n) => globalThis[n] !== undefined).sort().join(' ')";
const all = [...looks, ...gone, ...Object.keys(shown), left];
/** Of the language, and not there: all but the first tell of the machine. */
const ofMachine = ['undefined', 'Intl', 'Temporal', 'WeakRef', 'FinalizationRegistry', 'console'];
/** Not of the language, and the same everywhere. */
const besides = [
  ...['global', 'Buffer', 'TextEncoder', 'TextDecoder', 'URL', 'URLSearchParams', 'DOMException'],
  ...['atob', 'btoa', 'structuredClone', '__zod_globalConfig', '__zod_globalRegistry'],
];

const code = (exprs: readonly string[]) => `
import { defineProcessor } from 'seastate';
const looks = [${exprs.map((look) => `() => ${look}`).join(', ')}];
const seen = (look) => { try { return String(look()); } catch { return 'closed'; } };
export const looking = defineProcessor({
  name: 'looking', version: 1, outputs: ['x-seen'],
  create: ({ emit }) => ({
    tick(tick) {
      emit({ topic: 'x-seen', type: 'seen', cluster: -1, subject: 's', revision: tick, data: { seen: looks.map(seen) } });
    },
  }),
});
`;

async function bundleOf(name: string, exprs: readonly string[]): Promise<RunnerSetup> {
  const file = join(folder, `${name}.ts`);
  await writeFile(file, code(exprs));
  const bundle = await bundleFiles({ processors: [file], models: [] });
  await putBundle(bundle, folder);
  const path = pathToFileURL(join(folder, 'bundles', `${bundle.sha256}.mjs`)).href;
  const { sha256 } = bundle;
  return { stage: 'cluster', partitions: 1, targets: {}, bundle: { path, sha256 } };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-sealed-'));
  setup = await bundleOf('all', all);
  const { path } = (await bundleOf('kit', looks)).bundle!;
  definition = (await import(path)).processors[0][1].looking;
});
afterAll(async () => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
  await rm(folder, { recursive: true });
});

const records = () => new StageDriver([]).advance(10_000).records;
const seenIn = (outputs: readonly StageOutput[]): string[] => {
  const first = outputs.find(({ topic, value }) => topic === 'x-seen' && value !== null)!;
  return JSON.parse(Buffer.from(first.value!).toString()).data.seen;
};

test('a processor sees the same in every time zone and language, on both transports', async () => {
  const every: string[][] = [];
  for (const TZ of ['America/New_York', 'Asia/Kolkata']) {
    const LANG = TZ.startsWith('Asia') ? 'de_DE.UTF-8' : 'C';
    // With globals that Node does not have otherwise.
    const NODE_OPTIONS = '--expose-gc --experimental-eventsource';
    const env = { ...process.env, TZ, LANG, LC_ALL: LANG, NODE_OPTIONS };
    every.push(
      seenIn(await inProcess(setup, async (ask) => (await run(ask, records(), 1)).outputs, env)),
    );
    process.env['TZ'] = TZ;
    every.push(
      seenIn(await inThread(setup, async (ask) => (await run(ask, records(), 1)).outputs)),
    );
    const kit = seenIn(new StageDriver([definition]).advance(10_000).outputs);
    expect(kit).toEqual(every[0]!.slice(0, looks.length));
    // The kit leaves the program around it as it was.
    expect(new Date('2024-03-10T12:30:00').getHours()).toBe(12);
    expect(Math.random()).toBeLessThan(1);
  }
  for (const seen of every) expect(seen).toEqual(every[0]);
  const byLook = Object.fromEntries(all.map((look, i) => [look, every[0]![i]]));
  expect(byLook["new Date('2024-03-10T02:30:00').toISOString()"]).toBe('2024-03-10T02:30:00.000Z');
  expect(byLook["Date.parse('2024/03/10 02:30')"]).toBe('NaN');
  expect(byLook['Date.parse(new Date(1e12).toUTCString())']).toBe('1000000000000');
  const pooled = looks.find((look) => look.startsWith('Buffer'))!;
  expect(byLook[pooled]).toBe('5');
  for (const look of looks.slice(11)) {
    if (look !== pooled) expect([look, byLook[look]]).toEqual([look, 'closed']);
  }
  for (const look of gone) expect([look, byLook[look]]).toEqual([look, 'undefined']);
  for (const [look, is] of Object.entries(shown)) expect([look, byLook[look]]).toEqual([look, is]);
  const language: string[] = runInNewContext('Object.getOwnPropertyNames(globalThis)');
  const open = language.filter((name) => !ofMachine.includes(name));
  expect(byLook[left]!.split(' ')).toEqual([...open, ...besides].sort());
});
