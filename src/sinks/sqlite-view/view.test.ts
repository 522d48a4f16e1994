import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { parseSelector } from '../../core/matchers.ts';
import {
  alertRecord,
  catchUp,
  eventRecord,
  isCaughtUp,
  numbered,
  openTestLog,
  t0,
  withLog,
} from './view.test-kit.ts';
import { openView, type View } from './view.ts';

const firstColumn = (view: View, sql: string) => view.query(sql).rows.map(([value]) => value);

describe('rows', () => {
  test('an alert becomes a row of its newest revision, and history', async () => {
    await withLog(async ({ log, open }) => {
      const view = await open();
      await log.append('alerts', 0, [
        alertRecord({ labels: { node: 'n1' } }, numbered(0)),
        alertRecord({ revision: 1, state: 'resolved', end: 5 }, numbered(1)),
      ]);
      await catchUp(view, log);
      const { columns, rows } = view.query('SELECT * FROM alerts');
      const [row] = rows.map((values) =>
        Object.fromEntries(columns.map((name, i) => [name, values[i]])),
      );
      expect(row).toMatchObject({
        subject: 'a',
        revision: 1,
        state: 'resolved',
        type: 'seastate.alert',
        tenant: 'default',
        cluster: 'c1',
        alertname: 'Down',
        severity: 'critical',
        start_ms: t0,
        end_ms: t0 + 300_000,
        value: 1,
        origin: 'cluster/0/0',
        number: 1,
        log_time: t0,
      });
      expect(firstColumn(view, 'SELECT revision FROM alerts_history ORDER BY revision')).toEqual([
        0, 1,
      ]);
      const sql = "SELECT labels ->> 'node' FROM alerts_history WHERE revision = 0";
      expect(firstColumn(view, sql)).toEqual(['n1']);
    });
  });

  test('an older revision that comes late changes nothing but the history', async () => {
    await withLog(async ({ log, open }) => {
      const view = await open();
      const resolved = alertRecord({ revision: 1, state: 'resolved', end: 5 });
      await log.append('alerts', 0, [resolved, alertRecord({ revision: 0 })]);
      await catchUp(view, log);
      expect(firstColumn(view, 'SELECT state FROM alerts')).toEqual(['resolved']);
      expect(firstColumn(view, 'SELECT count(*) FROM alerts_history')).toEqual([2]);
    });
  });

  test('other topics are read generously; what is no JSON is counted', async () => {
    await withLog(async ({ log, open }) => {
      const view = await open();
      const values = ['no json', '[1]', '3', '', 'null'].map((text) => ({
        headers: {},
        value: utf8(text),
      }));
      await log.append('events', 0, [
        ...values,
        { headers: { kind: 'tick' }, value: null },
        eventRecord({
          id: 'e1/3',
          subject: 'e1',
          type: 'seastate.event',
          data: { start: 1000, end: null, change: 'open', cluster: 'c9' },
        }),
        eventRecord({ subject: 7, data: 'text' }),
      ]);
      await log.append('status', 0, [
        eventRecord({
          subject: 'status/cluster/0',
          id: 'status/cluster/0/7',
          data: { stage: 'cluster' },
        }),
        eventRecord({
          subject: 'status/cluster/0',
          id: 'status/cluster/0/8',
          data: { stage: 'cluster' },
        }),
      ]);
      await catchUp(view, log);
      expect(view.stats).toMatchObject({ rows: 4, unreadable: 5 });
      expect(
        view.query(
          'SELECT subject, revision, state, cluster, start_ms, end_ms FROM events ORDER BY subject',
        ).rows,
      ).toEqual([
        ['e1', 3, 'open', 'c9', 1000, null],
        ['events/7', 0, null, null, t0, null],
      ]);
      expect(view.query('SELECT subject, revision FROM status').rows).toEqual([
        ['status/cluster/0', 8],
      ]);
    });
  });

  test('repeats and twins of a writer leave no trace, over restarts too', async () => {
    await withLog(async ({ log, open }) => {
      const three = [0, 1, 2].map((i) => alertRecord({ subject: `s${i}` }, numbered(i)));
      await log.append('alerts', 0, three);
      let view = await open();
      await catchUp(view, log);
      view.close();
      await log.append('alerts', 0, [
        ...three.slice(1),
        alertRecord({ subject: 's3' }, numbered(3)),
      ]);
      await log.append('alerts', 0, [alertRecord({ subject: 'old' }, numbered(0, 'cluster/1/4'))]);
      await log.append('alerts', 0, [
        alertRecord({ subject: 'zombie' }, numbered(9, 'cluster/1/3')),
      ]);
      view = await open();
      await catchUp(view, log);
      expect(view.stats).toMatchObject({ rows: 2, repeats: 3 });
      const subjects = firstColumn(view, 'SELECT subject FROM alerts_history ORDER BY rowid');
      expect(subjects).toEqual(['s0', 's1', 's2', 's3', 'old']);
    });
  });

  test('numbers that are missing for good are told, and what came behind them is there', async () => {
    let now = t0;
    await withLog(
      async ({ log, open }) => {
        const warnings: object[] = [];
        const view = await open({ warn: (fields) => warnings.push(fields) });
        for (const number of [0, 3, 4]) {
          await log.append('alerts', 0, [alertRecord({ subject: `s${number}` }, numbered(number))]);
        }
        await catchUp(view, log);
        expect(firstColumn(view, 'SELECT subject FROM alerts ORDER BY subject')).toEqual(['s0']);
        now += 600_000;
        await log.append('alerts', 0, [alertRecord({ subject: 's5' }, numbered(5))]);
        await catchUp(view, log);
        const subjects = firstColumn(view, 'SELECT subject FROM alerts_history ORDER BY rowid');
        expect(subjects).toEqual(['s0', 's3', 's4', 's5']);
        expect(view.stats.lost).toBe(2);
        expect(warnings).toEqual([{ topic: 'alerts', from: 'cluster/0/0', expected: 1, seen: 3 }]);
      },
      () => now,
    );
  });
});

describe('alerts', () => {
  test('by state, cluster, tenant, time, labels and limit, the latest first', async () => {
    await withLog(async ({ log, open }) => {
      const view = await open();
      await log.append('alerts', 0, [
        alertRecord({ subject: 'a', start: 0, end: 10, state: 'resolved', revision: 1 }),
        alertRecord({ subject: 'b', start: 5, cluster: 'c2', labels: { node: 'n1' } }),
        alertRecord({ subject: 'c', start: 20, alertstate: 'pending' }),
        alertRecord({
          subject: 'd',
          start: 30,
          tenant: 'other',
          name: 'Full',
          labels: { node: 'n2' },
        }),
      ]);
      await catchUp(view, log);
      const subjects = (query: object): string =>
        view
          .alerts({ limit: 10, ...query })
          .map(({ subject }) => subject)
          .join('');
      const at = (minutes: number): number => t0 + minutes * 60_000;
      expect(subjects({})).toBe('dcba');
      expect(subjects({ limit: 2 })).toBe('dc');
      expect(subjects({ states: ['firing'] })).toBe('db');
      expect(subjects({ states: ['pending', 'resolved'] })).toBe('ca');
      expect(subjects({ clusters: ['c2', 'c3'] })).toBe('b');
      expect(subjects({ clusters: ['title of c2', 'c2'] })).toBe('b');
      expect(subjects({ clusters: ['title of c1'], tenant: 'other' })).toBe('d');
      expect(subjects({ tenant: 'other' })).toBe('d');
      expect(subjects({ fromMs: at(11), toMs: at(20) })).toBe('cb');
      expect(subjects({ toMs: at(4) })).toBe('a');
      expect(subjects({ fromMs: at(10) })).toBe('dcba');
      expect(subjects({ selectors: [parseSelector('{node=~"n.*"}')] })).toBe('db');
      expect(
        subjects({
          selectors: [parseSelector('{node="n1"}'), parseSelector('{alertname="Full"}')],
        }),
      ).toBe('db');
      expect(subjects({ selectors: [parseSelector('ALERTS{cluster="c2"}')] })).toBe('b');
      expect(view.alerts({ limit: 1, clusters: ['c2'] })[0]).toMatchObject({
        subject: 'b',
        revision: 0,
        alertname: 'Down',
        labels: { node: 'n1' },
        end: null,
      });
    });
  });
});

describe('query', () => {
  test('gives rows up to its limit, with parameters by place and name', async () => {
    await withLog(async ({ log, open }) => {
      const view = await open();
      await log.append(
        'alerts',
        0,
        ['a', 'b', 'c'].map((subject) => alertRecord({ subject })),
      );
      await catchUp(view, log);
      expect(view.query('SELECT subject AS s FROM alerts WHERE subject > ?', ['a'])).toEqual({
        columns: ['s'],
        rows: [['b'], ['c']],
        isCut: false,
      });
      const named = view.query('SELECT subject FROM alerts WHERE subject = $it', { it: 'c' });
      expect(named.rows).toEqual([['c']]);
      expect(view.query('SELECT subject FROM alerts', [], 2)).toMatchObject({
        isCut: true,
        rows: [['a'], ['b']],
      });
      expect(view.query('SELECT subject FROM alerts', [], 3).isCut).toBe(false);
      expect(view.query('SELECT subject FROM alerts WHERE FALSE').columns).toEqual(['subject']);
    });
  });

  test('changes nothing and reads no other file, and says what is wrong', async () => {
    await withLog(async ({ dir, open }) => {
      const view = await open();
      const other = new DatabaseSync(join(dir, 'other'));
      other.exec('CREATE TABLE secret (x)');
      other.close();
      const refused = [
        'DELETE FROM alerts',
        'DROP TABLE alerts',
        `ATTACH '${join(dir, 'other')}' AS o`,
        'PRAGMA user_version = 9',
        'CREATE TABLE x (y)',
        'VACUUM',
      ];
      for (const sql of refused) {
        expect(() => view.query(sql), sql).toThrow(/only SELECT on the tables of the view/);
      }
      expect(() => view.query('SELECT x FRM alerts')).toThrow(
        /syntax error, in: SELECT x FRM alerts/,
      );
      expect(() => view.query('SELECT colour FROM alerts')).toThrow(/no such column: colour/);
      expect(firstColumn(view, 'SELECT count(*) FROM alerts')).toEqual([0]);
    });
  });
});

describe('a view is made again', () => {
  const fill = async (
    log: Awaited<ReturnType<typeof openTestLog>>,
    count: number,
  ): Promise<void> => {
    const records = Array.from({ length: count }, (_, i) =>
      alertRecord({ subject: `s${i % 50}`, revision: Math.floor(i / 50) }, numbered(i)),
    );
    await log.append('alerts', 0, records);
  };
  const contents = (view: View): unknown => [
    view.query('SELECT * FROM alerts').rows,
    view.query('SELECT * FROM alerts_history ORDER BY rowid').rows,
    view.query('SELECT * FROM positions').rows,
  ];

  test('by rebuild while it follows, and from nothing, with the same content', async () => {
    await withLog(async ({ log, open, path }) => {
      const view = await open();
      await fill(log, 1200);
      await catchUp(view, log);
      const before = contents(view);
      const stop = new AbortController();
      const following = view.follow(log, stop.signal);
      for (let i = 0; i < 3; i++) {
        view.rebuild();
        expect(firstColumn(view, 'SELECT count(*) FROM alerts_history')).toEqual([0]);
        await sleep(i * 4);
      }
      while (!(await isCaughtUp(view, log))) await sleep(2);
      stop.abort();
      await following;
      expect(contents(view)).toEqual(before);
      view.close();
      rmSync(path);
      const again = await open();
      await catchUp(again, log);
      expect(contents(again)).toEqual(before);
    });
  });

  test('when the file is broken, of another version, or of another log', async () => {
    await withLog(async ({ log, open, path, dir }) => {
      await fill(log, 10);
      writeFileSync(path, 'this is no database, whatever its name says '.repeat(100));
      let view = await open();
      await catchUp(view, log);
      expect(firstColumn(view, 'SELECT count(*) FROM alerts_history')).toEqual([10]);
      view.close();
      const database = new DatabaseSync(path);
      database.exec('PRAGMA user_version = 77; CREATE TABLE newer (x)');
      database.close();
      await expect(openView(path, { readOnly: true })).rejects.toThrow(/version 77/);
      view = await open();
      expect(firstColumn(view, 'SELECT count(*) FROM alerts')).toEqual([0]);
      await catchUp(view, log);
      const other = await openTestLog(join(dir, 'other'), () => t0);
      await other.append('alerts', 0, [alertRecord({ subject: 'other' }, numbered(0))]);
      await catchUp(view, other);
      expect(firstColumn(view, 'SELECT subject FROM alerts')).toEqual(['other']);
      await other.close();
    });
  });

  test('kill -9 while it is fed, again and again: nothing twice, nothing missing', async () => {
    await withLog(async ({ log, open, path, dir }) => {
      await fill(log, 6000);
      const program = fileURLToPath(import.meta.resolve('./test-child.ts'));
      for (let round = 0; round < 3; round++) {
        const child = spawn(process.execPath, [program, join(dir, 'log'), path], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await once(child.stdout, 'data');
        await sleep(5 + round * 15);
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      const view = await open();
      await catchUp(view, log);
      const numbers = firstColumn(view, 'SELECT number FROM alerts_history ORDER BY rowid');
      expect(numbers).toEqual(Array.from({ length: 6000 }, (_, i) => i));
    });
  });
});

test('records that retention took before they were read are counted, and the rest is read', async () => {
  let now = t0;
  await withLog(
    async ({ log, open }) => {
      const view = await open();
      const pad = { pad: 'x'.repeat(3000) };
      const append = async (number: number): Promise<void> => {
        await log.append('alerts', 0, [
          alertRecord({ subject: `s${number}`, labels: pad }, numbered(number)),
        ]);
      };
      for (let i = 0; i < 5; i++) await append(i);
      await catchUp(view, log);
      for (let i = 5; i < 60; i++) await append(i);
      now += 4_000_000;
      await append(60);
      const { first } = await log.bounds('alerts', 0);
      expect(first).toBeGreaterThan(10);
      await catchUp(view, log);
      expect(view.stats.lost).toBe(first - 5);
      const expected = [
        ...[0, 1, 2, 3, 4],
        ...Array.from({ length: 61 - first }, (_, i) => first + i),
      ];
      expect(firstColumn(view, 'SELECT number FROM alerts_history ORDER BY rowid')).toEqual(
        expected,
      );
    },
    () => now,
  );
});

test('retention keeps what is open, and deletes the rest when it is old', async () => {
  let now = t0;
  await withLog(
    async ({ log, open }) => {
      const view = await open({ retentionMs: 60_000 });
      await log.append('alerts', 0, [
        alertRecord({ subject: 'open' }),
        alertRecord({ subject: 'over', state: 'resolved', end: 1 }),
      ]);
      await catchUp(view, log);
      now += 60_001;
      await log.append('alerts', 0, [alertRecord({ subject: 'new' })]);
      await catchUp(view, log);
      expect(firstColumn(view, 'SELECT subject FROM alerts ORDER BY subject')).toEqual([
        'new',
        'open',
      ]);
      expect(firstColumn(view, 'SELECT subject FROM alerts_history')).toEqual(['new']);
    },
    () => now,
  );
});

describe('beside the process that feeds it', () => {
  test('makes its folder: with the log on Kafka nothing else has', async () => {
    await withLog(async ({ dir }) => {
      const view = await openView(join(dir, 'new', 'data', 'view.sqlite'));
      expect(firstColumn(view, 'SELECT count(*) FROM alerts')).toEqual([0]);
      view.close();
    });
  });

  test('a read-only view sees what comes, and cannot be fed', async () => {
    await withLog(async ({ log, open, path }) => {
      await expect(open({ readOnly: true })).rejects.toMatchObject({ code: 'view_missing' });
      const view = await open();
      const beside = await openView(path, { readOnly: true });
      await log.append('alerts', 0, [alertRecord({})]);
      await catchUp(view, log);
      expect(beside.alerts({ limit: 5 })).toHaveLength(1);
      expect(() => beside.rebuild()).toThrow(/reading only/);
      await expect(beside.follow(log, AbortSignal.abort())).rejects.toThrow(/reading only/);
      beside.close();
    });
  });

  test('a second one that feeds it stops with view_conflict instead of counting twice', async () => {
    await withLog(async ({ log, open }) => {
      const stop = new AbortController();
      const two = [await open(), await open()];
      const follows = two.map((view) => view.follow(log, stop.signal));
      const outcomes = Promise.allSettled(follows);
      for (let i = 0; i < 20; i++)
        await log.append('alerts', 0, [alertRecord({ subject: `s${i}` })]);
      const failed = await Promise.race(follows).catch((error) => error.code);
      expect(failed).toBe('view_conflict');
      const survivor =
        two[(await Promise.race(follows.map((f, i) => f.catch(() => i)))) === 0 ? 1 : 0]!;
      while (survivor.query('SELECT count(*) FROM alerts').rows[0]![0] !== 20) await sleep(2);
      expect(firstColumn(survivor, 'SELECT count(*) FROM alerts_history')).toEqual([20]);
      stop.abort();
      await outcomes;
    });
  });
});
