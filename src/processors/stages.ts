import type { ProcessorDefinition } from '../engine/processor.ts';
import { alerts } from './alerts/alerts.ts';
import { anomalies } from './anomalies/anomalies.ts';
import { events } from './events/events.ts';
import { peers } from './peers/peers.ts';

/** The processors of each stage, in the order in which they see a record. */
export const stages: Readonly<Record<string, readonly ProcessorDefinition[]>> = {
  cluster: [alerts, anomalies, events, peers] as unknown as readonly ProcessorDefinition[],
};
