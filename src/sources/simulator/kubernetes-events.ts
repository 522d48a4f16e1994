import type { Random } from './random.ts';

/** Reference of an event to its object, as in core/v1 ObjectReference. */
export interface ObjectReference {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly apiVersion?: string;
  readonly fieldPath?: string;
}

/** core/v1 Event as an API server serves it (kubernetes-events reference, 1.2 and 8). */
export interface CoreEvent {
  readonly apiVersion: 'v1';
  readonly kind: 'Event';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    resourceVersion: string;
  };
  readonly involvedObject: ObjectReference;
  readonly reason: string;
  readonly message: string;
  readonly source: { readonly component?: string; readonly host?: string };
  readonly firstTimestamp: string | null;
  lastTimestamp: string | null;
  count?: number;
  readonly type: 'Normal' | 'Warning';
  readonly eventTime: string | null;
  readonly action?: string;
  readonly reportingComponent: string;
  readonly reportingInstance: string;
}

/** One change as a watch on events shows it. */
export interface KubernetesEvent {
  readonly cluster: string;
  /** Empty where the series name the cluster only. */
  readonly clusterId: string;
  /** ms since the epoch */
  readonly time: number;
  readonly type: 'ADDED' | 'MODIFIED';
  readonly object: CoreEvent;
}

/** What a component reports. */
export interface EventInput {
  readonly component: string;
  /** Node of the reporting kubelet. */
  readonly host?: string;
  readonly object: ObjectReference;
  readonly type?: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Set by those that write events.k8s.io (the scheduler): such events have no counts. */
  readonly action?: string;
}

export interface RecorderOptions {
  readonly cluster: string;
  /** Empty where the series name the cluster only. */
  readonly clusterId: string;
  readonly random: Random;
  readonly now: () => number;
  readonly onEvent: (event: KubernetesEvent) => void;
}

/** Names remembered, as in client-go. */
const rememberedMax = 4096;

/**
 * Makes events as the recorders of client-go do: the first sight adds an object, the same fact
 * again raises its count and last time.
 */
export class EventRecorder {
  readonly #options: RecorderOptions;
  readonly #known = new Map<string, CoreEvent>();
  #resourceVersion = 1000;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  record(input: EventInput): void {
    const { object, component, type = 'Normal', reason, message } = input;
    const key = [component, object.kind, object.namespace, object.name, type, reason, message].join(
      '\0',
    );
    const known = input.action === undefined ? this.#known.get(key) : undefined;
    if (known) {
      this.#known.delete(key);
      this.#known.set(key, known);
      known.count = (known.count ?? 1) + 1;
      known.lastTimestamp = seconds(this.#options.now());
      known.metadata.resourceVersion = String(++this.#resourceVersion);
      this.#emit('MODIFIED', known);
      return;
    }
    const event = this.#create(input);
    if (input.action === undefined) {
      this.#known.set(key, event);
      if (this.#known.size > rememberedMax) this.#known.delete(this.#known.keys().next().value!);
    }
    this.#emit('ADDED', event);
  }

  #create(input: EventInput): CoreEvent {
    const { random } = this.#options;
    const now = this.#options.now();
    const nanoseconds = BigInt(now) * 1_000_000n + BigInt(random.below(1_000_000));
    const { component, host, object } = input;
    const isNew = input.action !== undefined;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${object.name}.${nanoseconds.toString(16)}`,
        namespace: object.namespace ?? 'default',
        uid: random.uuid(),
        creationTimestamp: seconds(now),
        resourceVersion: String(++this.#resourceVersion),
      },
      involvedObject: { apiVersion: 'v1', ...object },
      reason: input.reason,
      message: input.message,
      source: isNew ? {} : { component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: isNew ? null : seconds(now),
      lastTimestamp: isNew ? null : seconds(now),
      ...(isNew ? { action: input.action } : { count: 1 }),
      type: input.type ?? 'Normal',
      eventTime: isNew ? microseconds(nanoseconds) : null,
      reportingComponent: component,
      reportingInstance: host ?? (isNew ? `${component}-0` : ''),
    };
  }

  #emit(type: 'ADDED' | 'MODIFIED', event: CoreEvent): void {
    const { cluster, clusterId } = this.#options;
    const object = { ...event, metadata: { ...event.metadata } };
    this.#options.onEvent({ cluster, clusterId, time: this.#options.now(), type, object });
  }
}

/** RFC 3339 of a time in ms, cut to seconds as core/v1 does. */
function seconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function microseconds(nanoseconds: bigint): string {
  const whole = new Date(Number(nanoseconds / 1_000_000n)).toISOString().slice(0, 19);
  return `${whole}.${((nanoseconds / 1000n) % 1_000_000n).toString().padStart(6, '0')}Z`;
}
