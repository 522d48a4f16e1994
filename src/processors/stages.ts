import type { ProcessorDefinition } from '../engine/processor.ts';
import { alerts } from './alerts/alerts.ts';
import { anomalies } from './anomalies/anomalies.ts';

/** The processors of each stage, in the order in which they see a record. */
export const stages: Readonly<Record<string, readonly ProcessorDefinition[]>> = {
  cluster: [alerts as ProcessorDefinition, anomalies as ProcessorDefinition],
};
