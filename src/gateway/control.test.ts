import { expect, test } from 'vitest';
import { text } from '../core/bytes.ts';
import { SeastateError } from '../core/errors.ts';
import type { SettingsContent } from '../log/telemetry.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { Control, contentDigest, type SettingsMark } from './control.ts';

const topics = [
  { name: 'telemetry', partitions: 3 },
  { name: 'alerts', partitions: 1 },
];
/** A control over a log with three and one partitions, and what it keeps over a restart. */
const make = (log = new MemoryLog(topics, () => 1_000), settings?: SettingsMark) => {
  const kept: SettingsMark[] = [];
  const keep = async (mark: SettingsMark): Promise<void> => {
    kept.push(mark);
  };
  return {
    log,
    kept,
    control: new Control({ log, topics: ['telemetry', 'alerts'], settings, keep }),
  };
};

const write = (
  control: Control,
  version: number,
  content: SettingsContent,
  written: object = content,
) => control.writeSettings({ version, content, written });

test('settings go into every partition of every input, once per version', async () => {
  const { log, control, kept } = make();
  expect(await write(control, 3, { alerts: { pending: true } })).toBe('written');
  expect(await write(control, 3, { alerts: { pending: true } })).toBe('repeat');
  expect(await write(control, 2, { other: 1 })).toBe('repeat');
  const records = [...log.all('telemetry'), ...log.all('alerts')];
  expect(records).toHaveLength(4);
  const { version, sha256, content } = JSON.parse(text(records[0]!.value!));
  expect({ version, content }).toEqual({ version: 3, content: { alerts: { pending: true } } });
  expect(sha256).toBe(contentDigest(content));
  expect(records[0]!.headers).toEqual({ kind: 'settings', schema: 'seastate.settings.v1' });
  expect(kept).toEqual(
    [false, true].map((complete) => ({ version: 3, sha256, written: sha256, complete })),
  );
});

test('the same version with other content is refused, also after a restart', async () => {
  const { log, control, kept } = make();
  await write(control, 1, { a: 1, b: [{ c: 1, d: 2 }] });
  await expect(write(control, 1, { a: 2 })).rejects.toMatchObject({
    code: 'settings_conflict',
  });
  const again = make(log, kept.at(-1)).control;
  // The order of keys means nothing.
  expect(await write(again, 1, { b: [{ d: 2, c: 1 }], a: 1 })).toBe('repeat');
  await expect(write(again, 1, { a: 3 })).rejects.toThrow('raise the version');
  expect(await write(again, 2, { a: 3 })).toBe('written');
});

test('a default that a newer program brings is no other content; what the user wrote is', async () => {
  const { log, control, kept } = make();
  await write(control, 1, { a: 1, limit: 10 }, { a: 1 });
  const newer = make(log, kept.at(-1)).control;
  expect(await write(newer, 1, { a: 1, limit: 10, added: 5 }, { a: 1 })).toBe('repeat');
  expect(await write(newer, 1, { a: 1, limit: 20 }, { a: 1 })).toBe('repeat');
  // Written out, a default is the same content.
  expect(await write(newer, 1, { a: 1, limit: 10 }, { a: 1, limit: 10 })).toBe('repeat');
  const conflict = { code: 'settings_conflict' };
  const changed = write(newer, 1, { a: 1, limit: 10, added: 6 }, { a: 1, added: 6 });
  await expect(changed).rejects.toMatchObject(conflict);
  expect(log.all('telemetry')).toHaveLength(3);
  expect(await write(newer, 2, { a: 1, limit: 20, added: 5 }, { a: 1 })).toBe('written');
});

test('half-written settings go into the other partitions as they are in the first ones, or not at all', async () => {
  const { log, control, kept } = make();
  log.fault = new SeastateError('log_full', 'full', { retry: 'later' });
  await expect(write(control, 1, { a: 1 }, {})).rejects.toMatchObject({ code: 'log_full' });
  log.fault = undefined;
  const newer = make(log, kept.at(-1)).control;
  const conflict = { code: 'settings_conflict' };
  await expect(write(newer, 1, { a: 1, added: 5 }, {})).rejects.toMatchObject(conflict);
});

test('settings that did not get into all partitions are written again', async () => {
  const { log, control } = make();
  log.fault = new SeastateError('log_full', 'full', { retry: 'later' });
  await expect(write(control, 1, {})).rejects.toMatchObject({ code: 'log_full' });
  log.fault = undefined;
  expect(await write(control, 1, {})).toBe('written');
});

test('a crash between partitions: other content under the same version is refused', async () => {
  const { log, control, kept } = make();
  log.fault = new SeastateError('log_full', 'full', { retry: 'later' });
  await expect(write(control, 2, { a: 1 })).rejects.toMatchObject({ code: 'log_full' });
  log.fault = undefined;
  const again = make(log, kept.at(-1)).control;
  const conflict = { code: 'settings_conflict' };
  await expect(write(again, 2, { a: 2 })).rejects.toMatchObject(conflict);
  await expect(write(again, 1, {})).rejects.toMatchObject(conflict);
  expect(await write(again, 2, { a: 1 })).toBe('written');
  expect(await write(again, 1, {})).toBe('repeat');
});

test('checkpoint and release go everywhere', async () => {
  const { log, control } = make();
  await control.checkpoint({ id: 'c1', reason: 'reload' });
  await control.release({ topic: 'alerts', partition: 2, reason: 'dead' });
  expect(
    log.all('telemetry').map(({ headers, partition }) => [headers['kind'], partition]),
  ).toEqual(
    [0, 1, 2].flatMap((partition) => [
      ['checkpoint', partition],
      ['release', partition],
    ]),
  );
});
