import { isCoreEvent, readCoreEvent } from './core-v1.ts';
import type { Draft } from './draft.ts';
import { isEventsEvent, readEventsEvent } from './events-v1.ts';
import type { Json } from './json.ts';

/** An Event object of either API group; null when the value is none. */
export function readBareEvent(value: Json): Draft | null {
  if (isCoreEvent(value)) return readCoreEvent(value);
  if (isEventsEvent(value)) return readEventsEvent(value);
  return null;
}
