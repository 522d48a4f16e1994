import { utf8 } from '../../core/bytes.ts';

/**
 * A CloudEvent 1.0 in structured mode (https://github.com/cloudevents/spec), keys in this order.
 */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** ms since the epoch */
  readonly timeMs: number;
  readonly data: object;
}

export function encodeCloudEvent(event: CloudEvent): Uint8Array {
  return utf8(
    JSON.stringify({
      specversion: '1.0',
      id: event.id,
      source: event.source,
      type: event.type,
      subject: event.subject,
      time: new Date(event.timeMs).toISOString(),
      datacontenttype: 'application/json',
      data: event.data,
    }),
  );
}
