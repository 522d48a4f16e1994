import { resolve } from 'node:path';
import { SeastateError } from '../../core/errors.ts';
import { configure } from '../../engine/model.ts';
import { modelNamed, registryOf } from '../../models/registry.ts';
import { likeRunner, Sealed } from '../../user-code/sealed.ts';
import { checkReadable } from '../files.ts';
import { type FileRemarks, FileScorer, type FileScoring } from './file-scorer.ts';
import type { ScoreJob } from './score-job.ts';

/** Scores one file after the other. */
export interface Scoring {
  begin(scoring: FileScoring): Promise<void>;
  /** Returns the rows that are done. */
  push(text: string): Promise<string>;
  end(): Promise<FileRemarks>;
  close(): Promise<void>;
}

/**
 * With a shipped model by name, or with the one in a file of the user's, which runs in a sealed
 * thread; `tell`: what is wrong with it on made-up series. Errors: `usage`, `bundle_failed`,
 * `model_unknown`, and those of its parameters.
 */
export async function scoringWith(
  name: string,
  parameters: unknown,
  tell: (fault: string) => void,
): Promise<Scoring> {
  if (/[/\\]|\.[cm]?[jt]s$/.test(name)) return await usersScoring(name, parameters, tell);
  const model = configure(modelNamed(registryOf(), name), parameters);
  let scorer: FileScorer;
  return {
    begin: async (scoring) => {
      scorer = new FileScorer(model, scoring);
    },
    push: async (text) => scorer.push(text),
    end: async () => scorer.end(),
    close: async () => {},
  };
}

async function usersScoring(
  file: string,
  parameters: unknown,
  tell: (fault: string) => void,
): Promise<Scoring> {
  await checkReadable(file);
  const { readUserCode, urlOf } = await import('../../user-code/user-code.ts');
  const files = { processors: [], models: [resolve(file)] };
  const { bundle, models, faults } = await readUserCode(files, {}, { tries: true });
  if (models.length > 1) {
    const names = models.map((model) => model.name).join(', ');
    throw new SeastateError('bundle_failed', `${file} exports ${names}: keep one model in a file`);
  }
  for (const { message } of faults) tell(`${file}: the model fails ${message}`);
  const job = new URL('./score-job.ts', import.meta.url);
  const sealed = await Sealed.open<ScoreJob>(job, urlOf(bundle!), {
    ...likeRunner,
    // A file is no fleet.
    buffersMiB: likeRunner.heapMiB,
  });
  const close = () => sealed.end();
  try {
    await sealed.call('configure', parameters);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    begin: (scoring) => sealed.call('begin', scoring),
    push: (text) => sealed.call('push', text),
    end: () => sealed.call('end'),
    close,
  };
}
