import { SeastateError } from './errors.ts';
import { assemble, type WasmFunction } from './wasm.ts';

const pageBytes = 65_536;
const smallestClass = 6;
const bytesMax = 2 ** 32 - pageBytes;

/**
 * A linear memory that TypeScript and the WebAssembly of `core/wasm.ts` share, handed out in
 * blocks of powers of two. Growth replaces `buffer` and kills every view of the old one, so views
 * are made anew when `buffer` is another. Pages that nobody touched cost no memory.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Addresses of free blocks by the power of their size. */
  readonly #free: number[][] = Array.from({ length: 33 }, () => []);
  #next = 64;

  /** Kept here because asking the memory for it is slow. */
  #buffer: ArrayBuffer;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 1 });
    this.#buffer = this.memory.buffer;
  }

  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** Address of a block of at least `size` bytes, holding anything. Error: `out_of_memory`. */
  allocate(size: number): number {
    const power = powerOf(size);
    const free = this.#free[power]!.pop();
    if (free !== undefined) return free;
    const address = this.#next;
    const next = address + 2 ** power;
    this.#reserve(next);
    this.#next = next;
    return address;
  }

  /** Gives back a block that was allocated with this size. */
  free(address: number, size: number): void {
    this.#free[powerOf(size)]!.push(address);
  }

  /** A block of `newSize` bytes in place of one of `size`, with its first `keep` bytes. */
  enlarge(address: number, size: number, newSize: number, keep: number = size): number {
    if (powerOf(size) === powerOf(newSize)) return address;
    const moved = this.allocate(newSize);
    new Uint8Array(this.buffer).copyWithin(moved, address, address + keep);
    this.free(address, size);
    return moved;
  }

  #reserve(end: number): void {
    const missing = end - this.#buffer.byteLength;
    if (missing <= 0) return;
    try {
      if (end > bytesMax) throw new RangeError('4 GiB are the limit');
      // Growing is slow, so by half: pages that nobody touches cost nothing.
      const wanted = Math.max(missing, this.#buffer.byteLength >>> 1);
      const most = bytesMax - this.#buffer.byteLength;
      this.memory.grow(Math.ceil(Math.min(wanted, most) / pageBytes));
      this.#buffer = this.memory.buffer;
    } catch (cause) {
      throw new SeastateError('out_of_memory', `a heap cannot grow to ${end} bytes`, { cause });
    }
  }
}

function powerOf(size: number): number {
  let power = smallestClass;
  while (2 ** power < size) power++;
  return power;
}

/** Functions of i32 arguments by name. */
export type Kernel = Readonly<Record<string, (...args: number[]) => number>>;

/** Compiles functions over `memories` memories; `link` gives them theirs. */
export function compile(functions: readonly WasmFunction[], memories = 1): WebAssembly.Module {
  return new WebAssembly.Module(assemble(functions, memories));
}

export function link(module: WebAssembly.Module, ...heaps: readonly Heap[]): Kernel {
  const memories = Object.fromEntries(heaps.map(({ memory }, index) => [index, memory]));
  return new WebAssembly.Instance(module, { env: memories }).exports as Kernel;
}
