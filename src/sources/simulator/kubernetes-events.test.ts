import { expect, test } from 'vitest';
import { type EventInput, EventRecorder, type KubernetesEvent } from './kubernetes-events.ts';
import { Random } from './random.ts';

function recorder() {
  const events: KubernetesEvent[] = [];
  const clock = { nowMs: Date.UTC(2026, 10, 1, 12, 0, 0, 250) };
  const made = new EventRecorder({
    cluster: 'atlantic',
    clusterId: 'f00',
    random: new Random(1),
    now: () => clock.nowMs,
    onEvent: (event) => events.push(event),
  });
  return { events, clock, record: (input: EventInput) => made.record(input) };
}

const notReady: EventInput = {
  component: 'kubelet',
  host: 'worker-1',
  object: { kind: 'Node', name: 'worker-1', uid: 'worker-1' },
  reason: 'NodeNotReady',
  message: 'Node worker-1 status is now: NodeNotReady',
};

test('the same fact again is the same object with a higher count and a later last time', () => {
  const { events, clock, record } = recorder();
  record(notReady);
  clock.nowMs += 60_000;
  record(notReady);
  expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED']);
  const [first, second] = events;
  expect(first!.object).toMatchObject({
    count: 1,
    firstTimestamp: '2026-11-01T12:00:00Z',
    lastTimestamp: '2026-11-01T12:00:00Z',
    eventTime: null,
    source: { component: 'kubelet', host: 'worker-1' },
    metadata: { namespace: 'default' },
  });
  expect(second!.object).toMatchObject({ count: 2, lastTimestamp: '2026-11-01T12:01:00Z' });
  expect(second!.object.metadata.uid).toBe(first!.object.metadata.uid);
  expect(Number(second!.object.metadata.resourceVersion)).toBeGreaterThan(
    Number(first!.object.metadata.resourceVersion),
  );
});

test('the name ends in the nanoseconds of the moment', () => {
  const { events, clock, record } = recorder();
  record(notReady);
  const [, hex] = events[0]!.object.metadata.name.split('.');
  expect(Number(BigInt(`0x${hex}`) / 1_000_000n)).toBe(clock.nowMs);
});

test('another message is another object', () => {
  const { events, record } = recorder();
  record(notReady);
  record({ ...notReady, message: 'something else' });
  expect(events.map(({ type }) => type)).toEqual(['ADDED', 'ADDED']);
});

test('writers of events.k8s.io leave counts and times of core/v1 out', () => {
  const { events, record } = recorder();
  const scheduled: EventInput = {
    component: 'default-scheduler',
    action: 'Binding',
    object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
    reason: 'Scheduled',
    message: 'Successfully assigned shop/web-1 to worker-1',
  };
  record(scheduled);
  record(scheduled);
  expect(events.map(({ type }) => type)).toEqual(['ADDED', 'ADDED']);
  const { object } = events[0]!;
  expect(object).toMatchObject({
    firstTimestamp: null,
    lastTimestamp: null,
    source: {},
    reportingComponent: 'default-scheduler',
    action: 'Binding',
    metadata: { namespace: 'shop' },
  });
  expect(object).not.toHaveProperty('count');
  expect(object.eventTime).toMatch(/^2026-11-01T12:00:00\.250\d{3}Z$/);
});
