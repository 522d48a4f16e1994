/** Things by subject, of which those that are over are forgotten when there are many. */
export class Shelf<T extends { readonly subject: string }> {
  readonly #items = new Map<string, T>();
  readonly #isOver: (item: T) => boolean;
  readonly #overMax: number;

  constructor(isOver: (item: T) => boolean, overMax = 300) {
    this.#isOver = isOver;
    this.#overMax = overMax;
  }

  /** The newest state of one thing. */
  put(item: T): void {
    if (this.#isOver(item)) this.drop(item); // to the end of the order: over just now
    this.#items.set(item.subject, item);
  }

  drop({ subject }: T): void {
    this.#items.delete(subject);
  }

  replace(items: readonly T[]): void {
    this.#items.clear();
    for (const item of items) this.#items.set(item.subject, item);
  }

  /** All of them, in a new array. */
  list(): T[] {
    const over = [...this.#items.values()].filter(this.#isOver);
    for (const item of over.slice(0, -this.#overMax)) this.drop(item);
    return [...this.#items.values()];
  }
}
