/** One event of the live stream, as text of the SSE format. */
interface LiveEvent {
  readonly number: number;
  readonly tenant: string | undefined;
  readonly text: string;
}

/** Where a client's events go; false when it took no more and was cut off. */
export type LiveSink = (text: string) => boolean;

interface Client {
  readonly tenant: string | undefined;
  readonly sink: LiveSink;
  readonly end: () => void;
}

export interface LiveHubOptions {
  /** Distinguishes this process from the one before in event ids. */
  readonly epoch: string;
  /** Events kept for clients that come back. */
  readonly keptMax?: number;
  readonly clientsMax?: number;
}

/**
 * Server-sent events for any number of clients. An event is written once and its text shared; the
 * last ones are kept, so that a client that comes back with its Last-Event-ID misses nothing. A
 * client that does not read is dropped, so memory stays bounded.
 */
export class LiveHub {
  readonly #epoch: string;
  readonly #keptMax: number;
  readonly #clientsMax: number;
  readonly #clients = new Set<Client>();
  #kept: LiveEvent[] = [];
  #next = 1;
  /** Clients that were dropped because they did not read. */
  dropped = 0;

  constructor({ epoch, keptMax = 1_000, clientsMax = 1_000 }: LiveHubOptions) {
    this.#epoch = epoch;
    this.#keptMax = keptMax;
    this.#clientsMax = clientsMax;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Sends `data` as JSON to all clients; `tenant`: only to those who may see that one. */
  publish(event: string, data: unknown, tenant?: string): void {
    const number = this.#next++;
    const text = `id: ${this.#epoch}-${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    const entry = { number, tenant, text };
    this.#kept.push(entry);
    if (this.#kept.length >= 2 * this.#keptMax) this.#kept = this.#kept.slice(-this.#keptMax);
    for (const client of this.#clients) if (mayHave(client, entry)) this.#send(client, text);
  }

  /**
   * Adds a client. It first gets what it missed since `lastEventId`, or `event: reset` when that
   * is not known any more and it must read the state anew. Undefined when there are too many.
   */
  subscribe(
    tenant: string | undefined,
    lastEventId: string | undefined,
    sink: LiveSink,
    end: () => void,
  ): (() => void) | undefined {
    if (this.#clients.size >= this.#clientsMax) return undefined;
    const client = { tenant, sink, end };
    this.#clients.add(client);
    const missed = this.#since(lastEventId);
    if (!missed)
      this.#send(client, `id: ${this.#epoch}-${this.#next - 1}\nevent: reset\ndata: {}\n\n`);
    for (const event of missed ?? []) if (mayHave(client, event)) this.#send(client, event.text);
    return () => this.#clients.delete(client);
  }

  /** Keeps connections open through proxies, and finds those that are gone. */
  heartbeat(): void {
    for (const client of this.#clients) this.#send(client, ': heartbeat\n\n');
  }

  /** Ends all clients. */
  close(): void {
    for (const { end } of this.#clients) end();
    this.#clients.clear();
  }

  /** Events after an id; undefined when some of them are gone or the id is none of ours. */
  #since(lastEventId: string | undefined): LiveEvent[] | undefined {
    const at = lastEventId?.lastIndexOf('-') ?? -1;
    if (lastEventId?.slice(0, at) !== this.#epoch) return undefined;
    const last = Number(lastEventId.slice(at + 1));
    if (!Number.isInteger(last) || last >= this.#next) return undefined;
    const first = this.#kept[0]?.number ?? this.#next;
    return last + 1 < first ? undefined : this.#kept.slice(last + 1 - first);
  }

  #send(client: Client, text: string): void {
    if (!this.#clients.has(client) || client.sink(text)) return;
    this.#clients.delete(client);
    this.dropped++;
  }
}

/** An event of no tenant is for all; a client without tenant may see all. */
const mayHave = (client: Client, event: LiveEvent): boolean =>
  client.tenant === undefined || event.tenant === undefined || client.tenant === event.tenant;
