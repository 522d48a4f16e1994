/** What came from the stream is newer than an answer that was asked for up to so long after it. */
const newsMs = 5_000;

/**
 * Things by subject, as the stream tells them and as the API answers when all is asked for anew.
 * Those that are over are forgotten when there are many. Times are ms of one clock.
 */
export class Shelf<T extends { readonly subject: string }> {
  readonly #items = new Map<string, T>();
  /** What the stream told a moment ago, by subject, the oldest first. */
  readonly #news = new Map<string, { readonly item: T; readonly at: number }>();
  readonly #isOver: (item: T) => boolean;
  readonly #overMax: number;

  constructor(isOver: (item: T) => boolean, overMax = 300) {
    this.#isOver = isOver;
    this.#overMax = overMax;
  }

  /** The newest state of one thing, told at `at`. */
  put(item: T, at: number): void {
    this.#news.delete(item.subject);
    this.#news.set(item.subject, { item, at });
    for (const [subject, { at: told }] of this.#news) {
      if (told >= at - 4 * newsMs) break;
      this.#news.delete(subject);
    }
    this.#set(item);
  }

  drop({ subject }: T): void {
    this.#news.delete(subject);
    this.#items.delete(subject);
  }

  /** The answer to what was asked at `askedAt`; it may not know yet what was told just before. */
  replace(items: readonly T[], askedAt: number): void {
    this.#items.clear();
    for (const item of items) this.#items.set(item.subject, item);
    for (const { item, at } of this.#news.values()) if (at > askedAt - newsMs) this.#set(item);
  }

  /** All of them, in a new array. */
  list(): T[] {
    const over = [...this.#items.values()].filter(this.#isOver);
    for (const { subject } of over.slice(0, -this.#overMax)) this.#items.delete(subject);
    return [...this.#items.values()];
  }

  #set(item: T): void {
    if (this.#isOver(item)) this.#items.delete(item.subject); // to the end of the order: over just now
    this.#items.set(item.subject, item);
  }
}
