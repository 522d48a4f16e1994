import { readBareEvent } from './bare.ts';
import type { Draft } from './draft.ts';
import { isObject, type Json, stringOf } from './json.ts';

/** A line of an event router: `{verb, event, old_event}`. */
export function readEventrouter(value: Json): Draft | null {
  const event = value['event'];
  if (!isObject(event)) return null;
  const draft = readBareEvent(event);
  return draft && { ...draft, verb: stringOf(value['verb']) };
}
