/**
 * What all requests together may hold: bytes of bodies that have arrived and are not yet answered,
 * and requests that wait for the log. A body counts as it arrives, so that senders who announce
 * much and send slowly take nothing from others.
 */
export class Admission {
  readonly bytesMax: number;
  readonly requestsMax: number;
  #bytes = 0;
  #requests = 0;

  constructor(limits: { readonly bytesMax: number; readonly requestsMax: number }) {
    this.bytesMax = limits.bytesMax;
    this.requestsMax = limits.requestsMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Whether a body of that length has room now; nothing is reserved. */
  hasRoom(bodyBytes: number): boolean {
    return this.#requests < this.requestsMax && this.#fits(bodyBytes);
  }

  /** One request alone may always pass, however small the limit is. */
  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.bytesMax;
  }

  /** Takes room for bytes that arrived; false and nothing taken when there is none. */
  reserve(bytes: number): boolean {
    if (!this.#fits(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Counts a request whose body is complete, until `leave`. */
  enter(): boolean {
    if (this.#requests >= this.requestsMax) return false;
    this.#requests++;
    return true;
  }

  leave(): void {
    this.#requests--;
  }
}
