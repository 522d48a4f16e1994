/**
 * Hands out ranges of a growing array. A range that is given back is used again for one of the
 * same size: entities of one kind come and go with equal sizes.
 */
export class Slabs {
  readonly #free = new Map<number, number[]>();
  #end = 0;

  /** One more than the highest place in use. */
  get end(): number {
    return this.#end;
  }

  take(size: number): number {
    const again = this.#free.get(size)?.pop();
    if (again !== undefined) return again;
    const at = this.#end;
    this.#end += size;
    return at;
  }

  give(at: number, size: number): void {
    const same = this.#free.get(size);
    if (same) same.push(at);
    else this.#free.set(size, [at]);
  }
}
