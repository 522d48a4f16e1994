import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type ScoreArguments, scoreCommand } from './score.ts';

async function run(input: string | Uint8Array[], args: Partial<ScoreArguments> = {}) {
  let [out, err] = ['', ''];
  const io = {
    stdin: Readable.from(typeof input === 'string' ? [Buffer.from(input)] : input),
    out: {
      write: (text: string, done?: () => void) => {
        out += text;
        done?.();
      },
    },
    err: {
      write: (text: string) => {
        err += text;
      },
    },
  };
  const code = await scoreCommand({ files: [], ...args }, io);
  return { code, out, err, lines: out.trimEnd().split('\n') };
}

const count = 60;
const startMs = Date.parse('2014-04-01T00:00:00Z');
const values = Array.from({ length: count }, (_, i) => 10 + ((i * 7919) % 13) / 4);
const timeAt = (i: number): Date => new Date(startMs + i * 60_000);
/** One row for each sample, of its ISO time without zone, and its value. */
const file = (row: (time: string, value: number, i: number) => string, header = ''): string =>
  [header, ...values.map((value, i) => row(timeAt(i).toISOString().slice(0, 19), value, i))]
    .filter((line, i) => i > 0 || line !== '')
    .join('\n');
/** What is said of each sample, without its cells. */
const said = (lines: readonly string[]) => lines.slice(1).map((line) => line.split(',').slice(-5));
const comma = (value: number): string => String(value).replace('.', ',');
const unix = (i: number, unit: bigint): bigint => (BigInt(startMs + i * 60_000) * unit) / 1000n;

const expected = said((await run(file((time, value) => `${time},${value}`))).lines);

describe('the same series in every usual shape', () => {
  test.each<[what: string, input: string, columns?: ScoreArguments['columns']]>([
    ['semicolons', file((t, v) => `${t};${v}`, 'timestamp;value')],
    ['semicolons and decimal commas', file((t, v) => `${t};${comma(v)}`, 'timestamp;value')],
    ['decimal commas without a header', file((t, v) => `${t};${comma(v)}`)],
    ['decimal commas, value first', file((t, v) => `${comma(v)};${t}`, 'value;timestamp')],
    ['tabs', file((t, v) => `${t}\t${v}`, 'timestamp\tvalue')],
    ['tabs without a header', file((t, v) => `${t}\t${v}`)],
    [
      'quotes, CRLF and a byte order mark',
      `\ufeff${file((t, v) => `"${t}","${v}"\r`, '"time","value"\r')}`,
    ],
    [
      'lines that end as on an old Mac',
      file((t, v) => `${t},${v}`, 'time,value').replaceAll('\n', '\r'),
    ],
    ['unix seconds', file((_, v, i) => `${unix(i, 1n)},${v}`)],
    ['unix seconds with a fraction', file((_, v, i) => `${unix(i, 1n)}.000,${v}`)],
    ['unix ms', file((_, v, i) => `${unix(i, 1_000n)},${v}`)],
    ['unix \u00b5s', file((_, v, i) => `${unix(i, 1_000_000n)},${v}`)],
    ['unix ns', file((_, v, i) => `${unix(i, 1_000_000_000n)},${v}`, 'ts,v')],
    [
      'an offset',
      file(
        (_, v, i) => `${new Date(+timeAt(i) + 7_200_000).toISOString().slice(0, 19)}+02:00,${v}`,
      ),
    ],
    ['an index column', file((t, v, i) => `${i},${t},${v}`, ',timestamp,value')],
    ['an index column, names unknown', file((t, v, i) => `${i},${t},${v}`, ',at,cpu')],
    ['an index column, no header', file((t, v, i) => `${i},${t},${v}`)],
    ['an index column before unix time', file((_, v, i) => `${i},${unix(i, 1n)},${v}`, ',at,cpu')],
    ['a label column', file((t, v) => `${t},0,${v}`, 'time,is_anomaly,load')],
    ['a column of words', file((t, v) => `${t},a;b,${v}`, 'time,where,load')],
    ['the value first', file((t, v) => `${v},${t}`, 'load,time')],
    ['the value first, no header', file((t, v) => `${v},${t}`)],
    [
      'the value chosen by name',
      file((t, v, i) => `${t},${i},${v}`, 'time,cpu,mem'),
      { value: 'MEM' },
    ],
    ['the value chosen by number', file((t, v, i) => `${t},${i + 0.5},${v}`), { value: '3' }],
    [
      'the time chosen by name',
      file((t, v) => `2001-01-01,${t},${v}`, 'day,at,load'),
      { time: 'at' },
    ],
    ['long lines', file((t, v) => `${t},${v},"${'x'.repeat(9_000)}"`, 'time,value,text')],
    ['gaps at the beginning', file((t, v) => `${t},${v}`, 'time,value\n2014-03-31 23:59:00,')],
  ])('%s', async (_, input, columns) => {
    const { lines, err, code } = await run(input, columns && { columns });
    expect(err.replace(/.*row without a value.*\n/, '')).toBe('');
    expect(code).toBe(0);
    expect(said(lines).slice(-count)).toEqual(expected);
  });

  test.each(['utf-16le', 'utf-16be'])('%s', async (encoding) => {
    const bytes = Buffer.from(`\ufeff${file((t, v) => `${t}\t${v}`, 'time\tvalue')}`, 'utf16le');
    if (encoding === 'utf-16be') bytes.swap16();
    const { lines, err } = await run([bytes.subarray(0, 101), bytes.subarray(101)]);
    expect([said(lines), err]).toEqual([expected, '']);
  });

  test('no time, and a label: rows are numbered', async () => {
    const { lines, err, code } = await run(
      file((_, v) => `${v},0`, 'Data,Label'),
      {
        indexMs: 60_000,
      },
    );
    expect(said(lines)).toEqual(expected);
    expect(err).toContain('60 s apart');
    expect(code).toBe(0);
  });

  test('one column, with gaps that are quoted', async () => {
    const { lines } = await run('load\n1\n""\n-3\n');
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 2).join())).toEqual([
      '0,1',
      '1,',
      '2,-3',
    ]);
  });
});

describe('what cannot be meant is refused', () => {
  test.each<[what: string, input: string, columns: ScoreArguments['columns'], message: RegExp]>([
    [
      'several columns of values',
      file((t, v, i) => `${t};${v};${i}`, 'time;cpu;mem'),
      {},
      /several columns could be the value: cpu, mem; choose one with --value \(the columns are time, cpu, mem\)/,
    ],
    [
      'the same without a header',
      file((t, v) => `${t},${v},${v}`),
      {},
      /could be the value: 2, 3; choose .* \(it has 3 columns\)/,
    ],
    [
      'a column that is not there',
      file((t, v) => `${t},${v}`, 'time,value'),
      { value: 'cpu' },
      /--value cpu: there is no such column; the columns are time, value/,
    ],
    [
      'decimal commas where tabs separate',
      file((t, v) => `${t}\t${comma(v + 0.25)}`, 'time\tvalue'),
      {},
      /\d+ of 60 rows have a value that cannot be read, such as "\d+,\d+" in row 1|no row has/,
    ],
    [
      'times that can mostly not be read',
      file((t, v, i) => `${i < 10 ? t : 'later'},${v}`),
      {},
      /50 of 60 rows have a time that cannot be read, such as "later" in row 11/,
    ],
    ['a quote that is not closed', `t,v\n1,"${'x'.repeat(1 << 21)}`, {}, /a quote is not closed/],
    ['no text', '\0'.repeat(1 << 21), {}, /this is not CSV/],
    [
      'series one after the other',
      file((t, v) => `${t},${v},a`, 'timestamp,value,KPI ID') + file((t, v) => `\n${t},${v},b`),
      {},
      /at row 61 the time is back at the beginning: .* --series/,
    ],
    [
      'series in turns',
      file((t, v) => `${t},${v},a\n${t},${v},b`, 'timestamp,value,KPI ID'),
      {},
      /60 of 120 rows are not newer than the row before: .*--series/,
    ],
    [
      'rows out of order in a series',
      file((t, v) => `${t},${v},a`, 'time,value,id') + file((t, v) => `\n${t},${v},a`),
      { series: 'id' },
      /the rows of a series must be in the order of time/,
    ],
  ])('%s', async (_, input, columns, message) => {
    const { err, code } = await run(input, { columns: columns ?? {} });
    expect(err).toMatch(message);
    expect(code).toBe(1);
  });
});

test('series in one file are scored each for itself', async () => {
  const other = (v: number): number => 100 - v;
  const input = file((t, v) => `${t},a,${v}\n${t},"b, c",${other(v)}`, 'timestamp,KPI ID,value');
  const { lines, err, code } = await run(input, { columns: { series: 'kpi id' } });
  expect([err, code]).toEqual(['', 0]);
  expect(lines[0]).toBe('series,timestamp,value,score,alarm,expected,lower,upper');
  expect(lines).toHaveLength(1 + 2 * count);
  expect(said(lines.filter((line) => !line.startsWith('"b, c",')))).toEqual(expected);
  const alone = await run(file((t, v) => `${t},${other(v)}`));
  expect(said(['', ...lines.filter((line) => line.startsWith('"b, c",'))])).toEqual(
    said(alone.lines),
  );
  const json = await run(input, { columns: { series: '2' }, output: 'jsonl' });
  expect(JSON.parse(json.lines[1]!)).toMatchObject({ series: 'b, c', value: other(values[0]!) });
});

test('a long input is read as it is printed, and not kept', async () => {
  let printed = 0;
  let most = 0;
  let given = 0;
  const rowsPerChunk = 500;
  const stdin = (async function* () {
    for (let c = 0; c < 200; c++) {
      given += rowsPerChunk;
      most = Math.max(most, given - printed);
      yield Array.from({ length: rowsPerChunk }, (_, i) => {
        const at = c * rowsPerChunk + i;
        return `${1_400_000_000 + at * 60},${at % 17}\n`;
      }).join('');
    }
  })();
  const out = {
    write: (text: string, done?: () => void) => {
      printed += text.split('\n').length - 1;
      done?.();
    },
  };
  await scoreCommand({ files: [] }, { stdin, out, err: { write: () => {} } });
  expect(printed).toBe(1 + 200 * rowsPerChunk);
  // What waits to be printed is bounded by its text, not by the length of the input.
  expect(most).toBeLessThan(5_000);
});
