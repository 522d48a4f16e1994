import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricKinds } from '../../engine/model.ts';
import { CsvParser } from './csv.ts';
import { parseMoment } from './moment.ts';
import { type ScoreArguments, scoreCommand } from './score.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-score-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(input: string | string[], args: Partial<ScoreArguments> = {}) {
  let [out, err] = ['', ''];
  const sink = (add: (text: string) => void) => ({
    write: (text: string, done?: () => void) => {
      add(text);
      done?.();
    },
  });
  const chunks = (Array.isArray(input) ? input : [input]).map((text) =>
    new TextEncoder().encode(text),
  );
  const stdin = (async function* () {
    yield* chunks;
  })();
  const io = {
    stdin,
    out: sink((text) => {
      out += text;
    }),
    err: sink((text) => {
      err += text;
    }),
  };
  const code = await scoreCommand({ files: [], ...args }, io);
  return { code, out, err, lines: out.trimEnd().split('\n') };
}

describe('CSV', () => {
  test('any split into chunks reads the same', () => {
    const text = '\ufeffa,"b ""q"", c"\r\n1,"x\ny"\r\n\r\n,\n"",""\nlast,2';
    const rowsOf = (chunks: string[]) => {
      const rows: string[][] = [];
      const parser = new CsvParser((fields) => rows.push([...fields]));
      for (const chunk of chunks) parser.push(chunk);
      parser.end();
      return rows;
    };
    const whole = rowsOf([text]);
    expect(whole).toEqual([
      ['a', 'b "q", c'],
      ['1', 'x\ny'],
      ['', ''],
      ['', ''],
      ['last', '2'],
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        expect(rowsOf(at.slice(1).map((end, i) => text.slice(at[i], end)))).toEqual(whole);
      }),
      { seed: 4 },
    );
  });
});

test.each([
  ['2014-04-01 00:05:00', '2014-04-01T00:05:00Z'],
  ['2018-04-25T00:00:00Z', '2018-04-25T00:00:00Z'],
  ['2018-04-25T02:00:00+02:00', '2018-04-25T00:00:00Z'],
  ['2014-04-10 07:15:00.000000', '2014-04-10T07:15:00Z'],
  ['2018/4/5 1:05', '2018-04-05T01:05:00Z'],
  ['4/5/2018 13:05', '2018-04-05T13:05:00Z'],
  ['2018-04-25', '2018-04-25T00:00:00Z'],
  ['2018-04-25t02:00:00,250+02', '2018-04-25T00:00:00.250Z'],
  ['2018-04-25 02:00:00-0530', '2018-04-25T07:30:00Z'],
  ['2018-04-25 02:00:00 GMT', '2018-04-25T02:00:00Z'],
  ['25.4.2018 13:05', '2018-04-25T13:05:00Z'],
  ['4/25/2018 1:05 PM', '2018-04-25T13:05:00Z'],
  ['4/25/2018 12:05:30 am', '2018-04-25T00:05:30Z'],
  ['20180425', '2018-04-25T00:00:00Z'],
  ['20180425130500', '2018-04-25T13:05:00Z'],
])('time %s', (text, iso) => {
  expect(parseMoment(text)).toBe(Date.parse(iso));
});

describe('score', () => {
  const rows = [0, 1, 2, 3].map((i) => `2014-04-01 00:0${i}:00,${10 + i}`);

  test('prints every row of a file with a header', async () => {
    const { lines, code, err } = await run(`timestamp,value\r\n${rows.join('\r\n')}`);
    expect(lines[0]).toBe('timestamp,value,score,alarm,expected,lower,upper');
    expect(lines.slice(1).map((l) => l.split(',').slice(0, 4).join(','))).toEqual(
      rows.map((row) => `${row},0,0`),
    );
    expect([code, err]).toEqual([0, '']);
  });

  test.each([
    ['without a header', rows.join('\n')],
    ['all quoted', rows.map((r) => `"${r.replace(',', '","')}"`).join('\n')],
    [
      'with a byte order mark',
      `\ufeffTimeStamp,Value,Label\n${rows.map((r) => `${r},0`).join('\n')}`,
    ],
    [
      'columns in another order',
      `label,value,time\n${rows.map((r) => `0,${r.split(',').reverse().join(',')}`).join('\n')}`,
    ],
  ])('%s gives the same rows', async (_, text) => {
    const expected = await run(rows.join('\n'));
    expect((await run(text)).out).toBe(expected.out);
  });

  test('unix seconds, ms, numbered rows and a single column', async () => {
    const values = Array.from({ length: 50 }, (_, i) => (i * 7) % 11);
    const of = async (time: (i: number) => string | number) =>
      (await run(values.map((v, i) => `${time(i)},${v}`).join('\n'))).lines
        .slice(1)
        .map((line) => line.split(',').slice(1).join(','));
    const seconds = await of((i) => 1_400_000_000 + 300 * i);
    expect(await of((i) => (1_400_000_000 + 300 * i) * 1000)).toEqual(seconds);
    const numbered = await run(values.map((v, i) => `${i},${v}`).join('\n'));
    const single = await run(values.join('\n'));
    expect(single.out).toBe(numbered.out);
    expect(single.err).toContain('300 s apart');
  });

  test('rows that cannot be used are printed with score 0 and counted', async () => {
    const { lines, err, code } = await run(
      [
        't,v',
        '2014-04-01 00:00:00,1',
        '2014-04-01 00:01:00,',
        '2014-04-01 00:02:00,NaN',
        '2014-04-01 00:03:00,abc',
        'yesterday,3',
        '2014-04-01 00:02:30,4',
        '2014-04-01 00:05:00,5',
        '2014-04-01 00:05:00,9',
      ].join('\n'),
    );
    expect(lines).toHaveLength(9);
    expect(lines[2]).toBe('2014-04-01 00:01:00,,0,0,,,');
    expect(lines[5]).toBe('yesterday,3,0,0,,,');
    expect(lines[8]).toBe('2014-04-01 00:05:00,9,0,0,,,');
    expect(err).toContain('1 row without a usable time, first row 5');
    expect(err).toContain('1 row whose value is no number, first row 4');
    expect(err).toContain('2 rows without a value, first row 2');
    expect(err).toContain('1 row not newer than the row before');
    expect(code).toBe(0);
  });

  test.each([
    ['nothing', '', 0, 1, 'it has no rows'],
    ['a header alone', 'timestamp,value\n', 0, 1, 'it has no rows'],
    ['one row', '\ufefftimestamp,value\r\n2014-04-01T00:00:00Z,1', 1, 0, ''],
    ['falling times', '1400000120,1\n1400000060,2\n1400000000,3', 3, 1, '2 rows not newer'],
    ['infinities', '1400000000,Inf\n1400000060,-inf\n1400000120,1e400\n1400000180,1', 4, 0, ''],
    ['words', 'time,what\n2014-04-01,x\n2014-04-02,y', 2, 1, 'no row has a time and a number'],
  ])('%s: a row for a row, and what is wrong', async (_, text, rowsOut, exit, said) => {
    for (const kind of metricKinds) {
      const { out, err, code } = await run(text, { kind });
      expect(out.split('\n')).toHaveLength(rowsOut + 2);
      expect(err).toContain(said);
      expect(code).toBe(exit);
    }
  });

  test('several files name their rows, one that is missing does not stop the others', async () => {
    const path = join(folder, 'a.csv');
    await writeFile(path, rows.join('\n'));
    const { lines, err, code } = await run('', {
      files: [path, join(folder, 'none.csv')],
      output: 'jsonl',
    });
    expect(lines.map((line) => JSON.parse(line).file)).toEqual(rows.map(() => path));
    expect(JSON.parse(lines[3]!)).toMatchObject({
      timestamp: '2014-04-01 00:03:00',
      value: 13,
      alarm: 0,
    });
    expect(err).toMatch(/cannot read .*none\.csv: there is no such file/);
    expect(code).toBe(1);
  });

  test('a file that gzip packed is read as it was, and one that is cut is told', async () => {
    const text = `timestamp,value\n${rows.join('\n')}\n`;
    const packed = gzipSync(text);
    const [whole, cut] = [join(folder, 'whole.csv.gz'), join(folder, 'cut.csv.gz')];
    await writeFile(whole, packed);
    await writeFile(cut, packed.subarray(0, -12));
    expect((await run('', { files: [whole] })).out).toBe((await run(text)).out);
    const { code, err } = await run('', { files: [cut] });
    expect(err).toMatch(/cut\.csv\.gz: .*unexpected end of file/);
    expect(code).toBe(1);
  });

  test('of what cannot be scored the rest is not read', async () => {
    const closed = Promise.withResolvers<boolean>();
    const stdin = (async function* () {
      try {
        for (;;) yield new TextEncoder().encode('1,2\n'.repeat(10_000));
      } finally {
        closed.resolve(true);
      }
    })();
    const out = { write: (_: string, done?: () => void) => done?.() };
    const args = { files: [], columns: { value: 'none' } };
    expect(await scoreCommand(args, { stdin, out, err: out })).toBe(1);
    expect(await closed.promise).toBe(true);
  });

  test('chunks may end anywhere', async () => {
    const text = `timestamp,value\n${rows.join('\n')}\n`;
    expect((await run([...text])).out).toBe((await run(text)).out);
  });

  test('a model and a parameter that there are not are named', async () => {
    await expect(run('1\n', { model: 'magic' })).rejects.toThrow(
      /no model is named "magic"; .*default/,
    );
    await expect(run('1\n', { parameters: { clip: 0 } })).rejects.toThrow(/"default": clip: /);
  });

  test('an alarm is printed', async () => {
    const values = Array.from(
      { length: 1500 },
      (_, i) => 10 + ((i * 7919) % 13) + (i === 1400 ? 500 : 0),
    );
    const text = values.map((v, i) => `${1_400_000_000 + 300 * i},${v}`).join('\n');
    const { lines } = await run(text, { model: 'default' });
    expect(lines[1401]!.split(',')[3]).toBe('1');
  });
});

test('a model of the user\u2019s own, by its file', async () => {
  const example = new URL('../../../examples/ewma-band/ewma-band.ts', import.meta.url);
  const model = join(folder, 'own.ts');
  // Its top-level code sees no more of the machine than it does in a runner.
  const sealed = "if ('process' in globalThis) throw new Error('this is not sealed');\n";
  await writeFile(model, `${await readFile(example, 'utf8')}\n${sealed}`);
  const rows = Array.from({ length: 40 }, (_, i) => `${i * 60},${i === 30 ? 90 : i % 5}\n`).join(
    '',
  );
  const { code, err, lines } = await run(rows, { model, indexMs: 60_000 });
  expect(code).toBe(0);
  expect(err).not.toContain('fails');
  expect(Number(lines[31]!.split(',')[2])).toBeGreaterThan(10);
  const bad = join(folder, 'bad.ts');
  await writeFile(bad, 'export const nothing = 1;\n');
  await expect(run(rows, { model: bad })).rejects.toThrow(/bad\.ts: it exports no model/);
});

test.each([
  ['most', 20, 1],
  ['few', 90, 0],
])('a model that fails on %s of the rows: exit code and first row', async (_, above, exit) => {
  const model = join(folder, `fails-${exit}.ts`);
  const example = new URL('../../../examples/ewma-band/ewma-band.ts', import.meta.url);
  const fails = `score(sample, state, at, { samples }, result) {
    if (sample.value > ${above}) throw new Error('boom');`;
  const code = (await readFile(example, 'utf8')).replace(/score\(.*\{\n/, `${fails}\n`);
  await writeFile(model, code);
  const values = Array.from({ length: 100 }, (_, i) => `${1_400_000_000 + 60 * i},${i}\n`);
  const got = await run(values.join(''), { model });
  expect(got.lines).toHaveLength(101);
  expect(got.err).toContain(`the model failed on ${99 - above} rows, first row ${above + 2}: boom`);
  expect(got.code).toBe(exit);
});
