import { parentPort, workerData } from 'node:worker_threads';
import type { OwnSection } from '../config/load.ts';
import type { ModelDefinition } from '../engine/model.ts';
import type { SettingsFault } from '../engine/processor.ts';
import { sealGlobals } from '../engine/runner/seal.ts';
import { sealModules } from '../engine/runner/sealed-modules.ts';
import { stagesWith } from '../processors/stages.ts';
import { type BundleModule, definitionsIn, type Found, foundIn } from './exports.ts';
import { sectionsOf } from './sections.ts';
import { settingsFaults } from './settings-faults.ts';
import { type Fault, tryModel } from './try-model.ts';
import { tryUpgrade } from './try-upgrade.ts';

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
    readonly file: string;
  }[];
  readonly models: readonly {
    readonly name: string;
    readonly version: number;
    readonly summary: string;
    readonly file: string;
  }[];
  /** Sections of settings of the processors here, and what is wrong in them. */
  readonly sections: readonly OwnSection[];
  /** Mistakes in settings, by path in the file. */
  readonly problems: readonly SettingsFault[];
  /** What went wrong when models were tried. */
  readonly faults: readonly Fault[];
}

/** What the thread says, last of all `answer` or `error`. */
export interface Word {
  /** What is being tried: if nothing follows, it has no end. */
  readonly doing?: string;
  readonly answer?: Answer;
  readonly error?: { readonly message: string; readonly stack: string };
}

const say = (word: Word): void => parentPort?.postMessage(word);
const tell = (doing: string): void => say({ doing });

function tried(found: Found<ModelDefinition>): Fault[] {
  const faults = tryModel(found, tell);
  return faults.length > 0 ? faults : tryUpgrade(found, tell);
}

async function answer({ url, settings, tries }: Question): Promise<Answer> {
  const module = (await import(url)) as BundleModule;
  const { processors, models } = foundIn(module);
  return {
    processors: processors.map(({ file, definition: { name, version, outputs } }) => ({
      name,
      version,
      outputs: [...outputs],
      file,
    })),
    models: models.map(({ file, definition: { name, version, summary } }) => ({
      name,
      version,
      summary,
      file,
    })),
    sections: sectionsOf(
      processors.map(({ definition }) => definition),
      settings,
    ),
    problems: settingsFaults(stagesWith(definitionsIn(module)), settings),
    faults: tries ? models.flatMap(tried) : [],
  };
}

sealGlobals();
sealModules((workerData as Question).url);
try {
  say({ answer: await answer(workerData as Question) });
} catch (error) {
  const { stack, message } = error as Error;
  say({ error: { message: message ?? String(error), stack: stack ?? '' } });
}
