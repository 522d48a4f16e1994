import { expect, test } from 'vitest';
import { text } from '../core/bytes.ts';
import { SeastateError } from '../core/errors.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { Control, contentDigest } from './control.ts';

const topics = [
  { name: 'telemetry', partitions: 3 },
  { name: 'alerts', partitions: 1 },
];
const make = (): { log: MemoryLog; control: Control } => {
  const log = new MemoryLog(topics, () => 1_000);
  return { log, control: new Control(log, ['telemetry', 'alerts'], undefined) };
};

test('settings go into every partition of every input, once per version', async () => {
  const { log, control } = make();
  expect(await control.writeSettings(3, { alerts: { pending: true } })).toBe('written');
  expect(await control.writeSettings(3, { alerts: { pending: true } })).toBe('repeat');
  expect(await control.writeSettings(2, { other: 1 })).toBe('repeat');
  const records = [...log.all('telemetry'), ...log.all('alerts')];
  expect(records).toHaveLength(4);
  const { version, sha256, content } = JSON.parse(text(records[0]!.value!));
  expect({ version, content }).toEqual({ version: 3, content: { alerts: { pending: true } } });
  expect(sha256).toBe(contentDigest(content));
  expect(records[0]!.headers).toEqual({ kind: 'settings', schema: 'seastate.settings.v1' });
  expect(control.settings).toEqual({ version: 3, sha256 });
});

test('the same version with other content is refused, also after a restart', async () => {
  const { log, control } = make();
  await control.writeSettings(1, { a: 1, b: [{ c: 1, d: 2 }] });
  await expect(control.writeSettings(1, { a: 2 })).rejects.toMatchObject({
    code: 'settings_conflict',
  });
  const again = new Control(log, ['telemetry'], control.settings);
  // The order of keys means nothing.
  expect(await again.writeSettings(1, { b: [{ d: 2, c: 1 }], a: 1 })).toBe('repeat');
  await expect(again.writeSettings(1, { a: 3 })).rejects.toThrow('raise the version');
  expect(await again.writeSettings(2, { a: 3 })).toBe('written');
});

test('settings that did not get into all partitions are written again', async () => {
  const { log, control } = make();
  log.fault = new SeastateError('log_full', 'full', { retry: 'later' });
  await expect(control.writeSettings(1, {})).rejects.toMatchObject({ code: 'log_full' });
  log.fault = undefined;
  expect(await control.writeSettings(1, {})).toBe('written');
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
