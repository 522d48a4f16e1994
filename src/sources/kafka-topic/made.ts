import type { OwnedEvent } from '../kubernetes/owned-events.ts';
import type { Placed } from './merge.ts';

/** A remote write request made of records, as the gateway takes it: a snappy block. */
export interface MadeRequest {
  readonly protocol: 1 | 2;
  readonly body: Uint8Array;
  /** 0 where it is not known. */
  readonly samples: number;
  /** The record that it is of, where that is one. */
  readonly placed?: Placed;
}

/** A Kubernetes event and the record that held it. */
export interface MadeEvent {
  readonly placed: Placed;
  readonly owned: OwnedEvent;
}

export interface Unusable {
  readonly placed: Placed;
  readonly reason: string;
  readonly error: string;
}

export interface Made {
  readonly requests: readonly MadeRequest[];
  readonly events: readonly MadeEvent[];
  readonly unusable: readonly Unusable[];
  /** Records that hold nothing of ours. */
  readonly others: number;
}

/** Turns records, in their order, into what the gateway takes. */
export interface RecordReader {
  read(records: readonly Placed[]): Made;
}
