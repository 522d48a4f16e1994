import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from './heap.ts';

test('blocks never overlap, keep what is in them, and are used again', () => {
  const size = fc.integer({ min: 1, max: 5000 });
  const step = fc.record({
    what: fc.constantFrom('allocate', 'free', 'enlarge'),
    size,
    pick: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const heap = new Heap();
      const blocks: { address: number; size: number; mark: number }[] = [];
      let mark = 0;
      const write = (block: { address: number; size: number }): void => {
        new Uint8Array(heap.buffer, block.address, block.size).fill(++mark % 251);
        blocks.push({ ...block, mark: mark % 251 });
      };
      for (const { what, size, pick } of steps) {
        const [block] = what === 'allocate' ? [] : blocks.splice(pick % (blocks.length || 1), 1);
        if (!block) write({ address: heap.allocate(size), size });
        else if (what === 'free') heap.free(block.address, block.size);
        else {
          const bigger = block.size + size;
          const address = heap.enlarge(block.address, block.size, bigger);
          const kept = new Uint8Array(heap.buffer, address, block.size);
          expect(kept.every((byte) => byte === block.mark)).toBe(true);
          write({ address, size: bigger });
        }
        for (const { address, size, mark } of blocks) {
          const bytes = new Uint8Array(heap.buffer, address, size);
          expect([address % 16, bytes[0], bytes.at(-1)]).toEqual([0, mark, mark]);
        }
      }
    }),
  );
});

test('a freed block is given out before the heap grows', () => {
  const heap = new Heap();
  const address = heap.allocate(1 << 20);
  const { buffer } = heap;
  for (let k = 0; k < 10; k++) {
    heap.free(address, 1 << 20);
    expect(heap.allocate((1 << 20) - k)).toBe(address);
  }
  expect(heap.buffer).toBe(buffer);
});

test('what cannot be had is an error that says so', () => {
  const heap = new Heap();
  expect(() => heap.allocate(2 ** 32)).toThrow(expect.objectContaining({ code: 'out_of_memory' }));
  expect(heap.allocate(16)).toBe(64);
});
