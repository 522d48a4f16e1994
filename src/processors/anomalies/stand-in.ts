import { z } from 'zod';
import { SeastateError } from '../../core/errors.ts';
import { defineModel, type Model, type ModelDefinition } from '../../engine/model.ts';

/** Reads states of any version, to let them go; a stand-in writes none. */
const anyVersion = 0xffff_ffff;

/** Stands where a model is not there: every sample is counted as failed, and says why. */
export function standIn(name: string, why: string): Model {
  const definition = defineModel({
    name,
    version: anyVersion,
    summary: why,
    parameters: z.unknown(),
    state: { nothing: 'u8' },
    score() {
      throw new SeastateError('model_unknown', why);
    },
  });
  return { definition: definition as unknown as ModelDefinition, parameters: {} };
}

export const isStandIn = ({ definition }: Model): boolean => definition.version === anyVersion;
