import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataLayout } from '../../config/layout.ts';
import { openView } from '../../sinks/sqlite-view/view.ts';
import { runOnce } from '../run-once.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-query-'));
beforeAll(async () => (await openView(dataLayout(folder).view)).close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const query = (...args: string[]) => runOnce(['query', '--data', folder, ...args]);

test('rows as a table, as CSV, as JSON', async () => {
  const sql = "SELECT 1 AS one, 'x,y' AS text, NULL AS none UNION SELECT 20, 'z', 3.5";
  expect((await query(sql)).out).toBe('ONE  TEXT  NONE\n  1  x,y\n 20  z      3.5\n');
  expect((await query(sql, '-o', 'csv')).out).toBe('one,text,none\n1,"x,y",\n20,z,3.5\n');
  expect(JSON.parse((await query(sql, '-o', 'json')).out)).toEqual([
    { one: 1, text: 'x,y', none: null },
    { one: 20, text: 'z', none: 3.5 },
  ]);
});

test('the tables are there, and a limit is told', async () => {
  expect(await query('SELECT * FROM alerts')).toMatchObject({ code: 0, err: '' });
  const { out, err } = await query('SELECT 1 AS n UNION SELECT 2', '-n', '1', '-o', 'csv');
  expect(out).toBe('n\n1\n');
  expect(err).toContain('more than 1 rows');
});

test.each([
  ['SELEC 1', 'syntax error'],
  ['DROP TABLE alerts', 'only SELECT'],
  ['SELECT * FROM nowhere', 'no such table: nowhere'],
])('%s is refused: %s', async (sql, says) => {
  expect(await query(sql)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(says) });
});

test('a folder without a view says so', async () => {
  const { code, err } = await runOnce(['query', '--data', join(folder, 'empty'), 'SELECT 1']);
  expect(code).toBe(1);
  expect(err).toContain('there is no view at');
});
