import { configure, type Model } from '../../engine/model.ts';
import { type BundleModule, foundIn } from '../../user-code/exports.ts';
import { type FileRemarks, FileScorer, type FileScoring } from './file-scorer.ts';

export type ScoreJob = ReturnType<typeof open>;

/** Scores files with the one model of a bundle. */
export function open(users: BundleModule) {
  let model: Model;
  let scorer: FileScorer;
  return {
    configure(parameters: unknown): void {
      model = configure(foundIn(users).models[0]!.definition, parameters);
    },
    begin(scoring: FileScoring): void {
      scorer = new FileScorer(model, scoring);
    },
    push: (text: string): string => scorer.push(text),
    end: (): FileRemarks => scorer.end(),
  };
}
