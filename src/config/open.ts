import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { unreadable } from '../core/unreadable.ts';
import { type Override, readConfigWithPlaces } from './load.ts';
import type { Sections } from './settings.ts';

export interface ConfigPlace {
  /** The file; without one the defaults and the overrides hold. */
  readonly path?: string | undefined;
  readonly overrides?: readonly Override[];
  readonly sections?: Sections;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads the file and what it refers to. Throws ConfigError, or `config` when it cannot be read. */
export function openConfig({ path, overrides, sections, env }: ConfigPlace) {
  const folder = path === undefined ? process.cwd() : dirname(resolve(path));
  return readConfigWithPlaces({
    ...(path === undefined ? {} : { file: { name: path, text: readText(path) } }),
    ...(overrides ? { overrides } : {}),
    ...(sections ? { sections } : {}),
    env,
    readFile: readText,
    resolve: (given) => resolve(folder, given),
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable('config', path, error);
  }
}
