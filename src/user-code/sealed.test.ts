import { afterEach, expect, test } from 'vitest';
import { Sealed } from './sealed.ts';

const moduleOf = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const job = new URL(
  moduleOf(`export const open = (users) => ({
    add: (a, b) => a + b,
    call: (name) => users[name](),
  });`),
);
const users = moduleOf(`
  export const spin = () => { for (;;); };
  export const fail = () => { throw new Error('on purpose'); };
  export const give = () => () => 1;
`);

type Job = {
  add(a: number, b: number): number;
  call(name: 'spin' | 'fail' | 'give'): unknown;
};

let sealed: Sealed<Job> | undefined;
afterEach(() => sealed?.end());
const open = (deadlineMs = 60_000) =>
  Sealed.open<Job>(job, users, { deadlineMs, heapMiB: 64, buffersMiB: 64 });

test('what a call throws, and what cannot be sent, is thrown here; the thread goes on', async () => {
  sealed = await open();
  await expect(sealed.call('call', 'fail')).rejects.toThrow('on purpose');
  await expect(sealed.call('call', 'give')).rejects.toThrow('could not be cloned');
  expect(await sealed.call('add', 1, 2)).toBe(3);
});

test('a call without end is given up in one sentence, and so is all that follows', async () => {
  sealed = await open(10_000);
  const fault = { code: 'bundle_failed', message: 'your code: no end within 10 s' };
  await expect(sealed.call('call', 'spin')).rejects.toMatchObject(fault);
  await expect(sealed.call('add', 1, 2)).rejects.toMatchObject(fault);
});
