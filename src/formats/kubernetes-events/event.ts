import { z } from 'zod';
import { text, utf8 } from '../../core/bytes.ts';
import { messageOf, SeastateError } from '../../core/errors.ts';

/**
 * The one shape of a Kubernetes event after the gateway: the value (JSON, UTF-8) of a `telemetry`
 * record of kind `kubernetes-event`. Times are ms since the epoch; null where the source says
 * nothing (also for the year 1). Keys in this order.
 */
export const kubernetesEventVersion = 1;

const time = z.number().int().nullable();

export const kubernetesEventSchema = z
  .object({
    version: z.literal(kubernetesEventVersion),
    /** Cluster id or name as the record carries it; null when it names none. */
    cluster: z.string().nullable(),
    /** What happened to the Kubernetes object, of a watch or an event router. */
    verb: z.enum(['ADDED', 'MODIFIED', 'DELETED']).nullable(),
    /** Name of the Event object: ends in a hexadecimal nanosecond clock. */
    name: z.string(),
    uid: z.string(),
    kind: z.string(),
    /** Of the object; '' for cluster-scoped ones. */
    namespace: z.string(),
    object: z.string(),
    /** Container, of `spec.containers{NAME}`. */
    container: z.string(),
    reason: z.string(),
    /** `Normal` or `Warning`; '' when the shape does not tell. */
    type: z.string(),
    message: z.string(),
    /** source.component, else the reporting controller; '' when the shape has neither. */
    component: z.string(),
    /** source.host: the node of kubelet events. */
    host: z.string(),
    first: time,
    last: time,
    /** eventTime of events.k8s.io recorders. */
    eventTime: time,
    created: time,
    /** When it began: eventTime, else firstTimestamp made finer by the name's clock, else that. */
    start: z.number().int(),
    /** When it was last seen: the latest of all times. */
    end: z.number().int(),
    /** A lower bound of the occurrences. */
    count: z.number().int().min(1),
    series: z.object({ count: z.number().int(), last: time }).nullable(),
  })
  .describe('A Kubernetes event, normalised from any of the known shapes');

export type KubernetesEvent = z.infer<typeof kubernetesEventSchema>;

export function encodeKubernetesEvent(event: KubernetesEvent): Uint8Array {
  return utf8(JSON.stringify(event));
}

/** Throws `bad_record` when the value was not made by `encodeKubernetesEvent`. */
export function decodeKubernetesEvent(value: Uint8Array): KubernetesEvent {
  try {
    return kubernetesEventSchema.parse(JSON.parse(text(value)));
  } catch (error) {
    throw new SeastateError('bad_record', `not a Kubernetes event record: ${messageOf(error)}`);
  }
}
