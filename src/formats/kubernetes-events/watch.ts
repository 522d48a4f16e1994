import { readBareEvent } from './bare.ts';
import type { Draft } from './draft.ts';
import { isObject, type Json, stringOf } from './json.ts';

/** A watch line, `{type, object}`: of the API itself or the body of the k8sobjects receiver. */
export function readWatch(value: Json): Draft | null {
  const object = value['object'];
  if (!isObject(object)) return null;
  const draft = readBareEvent(object);
  return draft && { ...draft, verb: stringOf(value['type']) };
}
