import { SeastateError } from './errors.ts';
import { assemble, type WasmFunction } from './wasm.ts';

const pageBytes = 65_536;

/**
 * A linear memory that TypeScript and the WebAssembly of `core/wasm.ts` share. Blocks are handed
 * out once and never given back: whoever needs a bigger one doubles it. Growth replaces `buffer`
 * and kills every view of the old one, so views are made anew when `buffer` is another.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  #next = 64;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 1 });
  }

  get buffer(): ArrayBuffer {
    return this.memory.buffer;
  }

  /** Bytes handed out. */
  get bytesUsed(): number {
    return this.#next;
  }

  /** Address of a new block of `size` bytes, aligned to 16. What it holds is zero. */
  allocate(size: number): number {
    const address = this.#next;
    this.#reserve(address + size);
    return address;
  }

  /**
   * A block of `newSize` bytes in place of one of `size`, which it extends or else copies: the
   * first `keep` bytes stay.
   */
  enlarge(address: number, size: number, newSize: number, keep: number = size): number {
    if (address + align(size) === this.#next) {
      this.#reserve(address + newSize);
      return address;
    }
    const moved = this.allocate(newSize);
    new Uint8Array(this.buffer).copyWithin(moved, address, address + keep);
    return moved;
  }

  #reserve(end: number): void {
    const next = align(end);
    const missing = next - this.buffer.byteLength;
    if (missing > 0) {
      // An eighth more than needed, so that a growing table does not grow it each time.
      const pages = Math.ceil((missing + (this.buffer.byteLength >>> 3)) / pageBytes);
      try {
        this.memory.grow(pages);
      } catch (cause) {
        throw new SeastateError('out_of_memory', `a heap cannot grow to ${next} bytes`, { cause });
      }
    }
    this.#next = next;
  }
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

function align(size: number): number {
  return Math.ceil(size / 16) * 16;
}
