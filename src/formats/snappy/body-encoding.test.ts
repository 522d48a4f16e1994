import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { bodyEncodings, decodeBody, encodeBody } from './body-encoding.ts';
import { Scratch } from './snappy.ts';

const scratch = new Scratch();
const value = Buffer.concat([Buffer.alloc(5000, 'cluster'), randomBytes(300)]);

test.each(bodyEncodings)('%s gives back what was put in', (encoding) => {
  const body = encodeBody(encoding, value);
  expect(body.length).toBeLessThan(value.length);
  expect(Buffer.from(decodeBody(encoding, body, 1e6, scratch)).equals(value)).toBe(true);
});

test.each(bodyEncodings)('%s refuses what decodes to more than the cap', (encoding) => {
  const body = encodeBody(encoding, value);
  expect(() => decodeBody(encoding, body, value.length - 1, scratch)).toThrow(
    expect.objectContaining({ code: 'body_too_large' }),
  );
  expect(decodeBody(encoding, body, value.length, scratch).length).toBe(value.length);
});

test.each(bodyEncodings)('%s refuses what is cut off or foreign', (encoding) => {
  const body = encodeBody(encoding, value);
  for (const bad of [
    body.subarray(0, body.length - 3),
    Buffer.from('not compressed'),
    Buffer.alloc(0),
  ]) {
    expect(() => decodeBody(encoding, bad, 1e6, scratch)).toThrow(
      expect.objectContaining({ code: `body_not_${encoding}` }),
    );
  }
});

test('an encoding that is not known is named', () => {
  expect(() => decodeBody('lz4', value, 1e6, scratch)).toThrow(/"lz4" is unknown/);
});
