export interface AdmissionLimits {
  readonly bytesMax: number;
  readonly requestsMax: number;
}

/** What no single sender may fill: a part of the whole is for the others. */
const ownShare = 0.75;

/**
 * What all requests together may hold: bytes of bodies that have arrived and are not yet answered,
 * and requests that wait for the log. A body counts as it arrives, so that senders who announce
 * much and send slowly take nothing from others. No sender can take all of it.
 */
export class Admission {
  readonly limits: AdmissionLimits;
  readonly #rooms = new Map<string, SenderRoom>();
  /** Of all senders. */
  bytes = 0;
  requests = 0;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
  }

  /** What one sender holds. `key` is its tenant and name. */
  of(key: string): SenderRoom {
    const known = this.#rooms.get(key);
    if (known) return known;
    // A room that is held by a request goes on counting after it was forgotten here.
    for (const [other, room] of this.#rooms) {
      if (this.#rooms.size < roomsMax) break;
      if (room.isEmpty) this.#rooms.delete(other);
    }
    const room = new SenderRoom(this);
    this.#rooms.set(key, room);
    return room;
  }
}

/** Senders that are remembered while they hold nothing. */
const roomsMax = 1_000;

export class SenderRoom {
  readonly #all: Admission;
  #bytes = 0;
  #requests = 0;

  constructor(all: Admission) {
    this.#all = all;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0 && this.#requests === 0;
  }

  /** Whether another request may wait for the log. */
  get hasTurn(): boolean {
    const { requestsMax } = this.#all.limits;
    return this.#all.requests < requestsMax && this.#requests < Math.ceil(requestsMax * ownShare);
  }

  /** Whether bytes have room now; one request alone always has, however small the limit is. */
  fits(bytes: number): boolean {
    const { bytesMax } = this.#all.limits;
    const own = this.#bytes === 0 || this.#bytes + bytes <= bytesMax * ownShare;
    return own && (this.#all.bytes === 0 || this.#all.bytes + bytes <= bytesMax);
  }

  /** Takes room for bytes that arrived; false and nothing taken when there is none. */
  reserve(bytes: number): boolean {
    if (!this.fits(bytes)) return false;
    this.#bytes += bytes;
    this.#all.bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#all.bytes -= bytes;
  }

  /** Counts a request whose body is complete, until `leave`. */
  enter(): boolean {
    if (!this.hasTurn) return false;
    this.#requests++;
    this.#all.requests++;
    return true;
  }

  leave(): void {
    this.#requests--;
    this.#all.requests--;
  }
}
