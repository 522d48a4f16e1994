import { expect, test } from 'vitest';
import { openConfig } from '../../config/open.ts';
import type { LoadedProgram } from '../load-config.ts';
import { reloader } from './reloader.ts';

const programWith = (level: string, partitions: string): LoadedProgram => {
  const overrides = [
    { path: 'process.logging.level', value: level, source: 'test' },
    { path: 'process.partitions', value: partitions, source: 'test' },
  ];
  const { config, written, placesOf } = openConfig({ overrides, env: {} });
  const code = {
    bundle: undefined,
    processors: [],
    models: [],
    sections: [],
    problems: [],
    faults: [],
  };
  return { config, written, placesOf, path: undefined, sections: {}, code };
};

test('what could not be put in force is told as changed again by the reload that succeeds', async () => {
  const told: unknown[] = [];
  const log = {
    info: (fields: object) => told.push(fields),
    warn: (fields: object) => told.push({ restart: fields }),
    setLevel: (level: string) => told.push(level),
  };
  const reload = reloader(programWith('info', '4'), log, async () => programWith('debug', '8'));
  const refuse = async (): Promise<void> => {
    throw new Error('settings_conflict');
  };
  await expect(reload(refuse)).rejects.toThrow('settings_conflict');
  expect(told).toEqual([]);
  await reload(async () => {});
  expect(told).toEqual([
    { restart: { keys: ['process.partitions'] } },
    'debug',
    { keys: ['process.logging.level'] },
  ]);
});
