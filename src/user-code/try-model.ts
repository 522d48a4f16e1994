import type { ModelDefinition } from '../engine/model.ts';

/** Something wrong that a trial of a model showed. */
export interface Fault {
  readonly file: string;
  readonly model: string;
  readonly message: string;
}

export function tryModel(_file: string, _model: ModelDefinition): Fault[] {
  return [];
}
