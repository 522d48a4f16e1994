import { connect, type Socket } from 'node:net';

/** The addresses that are named, `host:port`: which of them nobody has answered at yet. */
export class Doors {
  readonly #silent: Set<string>;
  readonly #asked = new Map<string, Socket>();

  constructor(addresses: readonly string[]) {
    this.#silent = new Set(addresses);
  }

  get silent(): readonly string[] {
    return [...this.#silent];
  }

  /** Tries those that are silent, once more where it failed; what comes of it is seen later. */
  knock(): void {
    for (const address of this.#silent) {
      if (this.#asked.has(address)) continue;
      const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
      const socket = connect(Number(port), host);
      this.#asked.set(address, socket);
      socket.once('connect', () => {
        this.#silent.delete(address);
        socket.destroy();
      });
      // Nobody there: it stays among the silent.
      socket.on('error', () => {});
      socket.once('close', () => this.#asked.delete(address));
    }
  }

  close(): void {
    for (const socket of this.#asked.values()) socket.destroy();
  }
}
