import type { ModelDefinition } from '../engine/model.ts';
import type { ProcessorDefinition } from '../engine/processor.ts';
import { alerts } from './alerts/alerts.ts';
import { anomaliesWith } from './anomalies/definition.ts';
import { events } from './events/events.ts';
import { peers } from './peers/peers.ts';

/** What users add to the stages. */
export interface UserDefinitions {
  readonly processors: readonly ProcessorDefinition[];
  readonly models: readonly ModelDefinition[];
}

export const noDefinitions: UserDefinitions = { processors: [], models: [] };

/** The processors of each stage, in the order in which they see a record. */
export function stagesWith(
  users: UserDefinitions,
): Readonly<Record<string, readonly ProcessorDefinition[]>> {
  const own = [alerts, anomaliesWith(users.models), events, peers];
  return { cluster: [...(own as unknown as ProcessorDefinition[]), ...users.processors] };
}

/** The stages with nothing of users. */
export const stages = stagesWith(noDefinitions);
