import { parentPort, workerData } from 'node:worker_threads';
import type { SettingsFault } from '../engine/processor.ts';
import { sealGlobals } from '../engine/runner/seal.ts';
import { stagesWith } from '../processors/stages.ts';
import { type BundleModule, definitionsIn, foundIn } from './exports.ts';
import { settingsFaults } from './settings-faults.ts';
import { type Fault, tryModel } from './try-model.ts';

/** What the thread that loads users' code is asked (as workerData). */
export interface Question {
  /** Of the bundle. */
  readonly url: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tries: boolean;
}

/** What a bundle holds, as far as the rest of the program must know. */
export interface Answer {
  readonly processors: readonly {
    readonly name: string;
    readonly version: number;
    readonly outputs: readonly string[];
  }[];
  readonly models: readonly {
    readonly name: string;
    readonly version: number;
    readonly summary: string;
    readonly file: string;
  }[];
  /** Mistakes in settings, by path in the file. */
  readonly problems: readonly SettingsFault[];
  /** What went wrong when models were tried. */
  readonly faults: readonly Fault[];
}

async function answer({ url, settings, tries }: Question): Promise<Answer> {
  const module = (await import(url)) as BundleModule;
  const { processors, models } = foundIn(module);
  return {
    processors: processors.map(({ definition: { name, version, outputs } }) => ({
      name,
      version,
      outputs: [...outputs],
    })),
    models: models.map(({ file, definition: { name, version, summary } }) => ({
      name,
      version,
      summary,
      file,
    })),
    problems: settingsFaults(stagesWith(definitionsIn(module)), settings),
    faults: tries ? models.flatMap(tryModel) : [],
  };
}

sealGlobals();
try {
  parentPort?.postMessage({ answer: await answer(workerData as Question) });
} catch (error) {
  const { stack, message } = error as Error;
  parentPort?.postMessage({ error: placeOf(stack) + (message ?? String(error)) });
}

/** The first place of a stack within the bundle. */
function placeOf(stack = ''): string {
  const at = stack.split('\n').find((line) => line.includes((workerData as Question).url));
  const place = at && /(data:[^\s)]*:\d+:\d+)/.exec(at)?.[1];
  return place ? `${place}: ` : '';
}
