import { expect, it } from 'vitest';
import { Columns } from './columns.ts';

it('takes no more slots than an index of 31 bits can name, and goes on with those it has', () => {
  const columns = new Columns({ wide: { type: 'u8', width: 65_536 }, narrow: 'f64' });
  columns.arrays.narrow[15] = 7;
  expect(() => columns.reserve(2 ** 15 + 1)).toThrowError(
    expect.objectContaining({ code: 'state_full' }),
  );
  columns.reserve(17);
  expect(columns.arrays.narrow[15]).toBe(7);
  expect(columns.arrays.narrow[16]).toBe(0);
});
