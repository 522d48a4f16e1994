import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of a server, plain or TLS, and which of them have a request in progress: a
 * server that stops waits for those alone. Node takes a connection that has sent nothing yet, or
 * half of its headers, for one of them (browsers open such in advance).
 */
export class Connections {
  /** By peer, for a request knows only the TLS socket above the one that was accepted. */
  readonly #sockets = new Map<string, Socket>();
  readonly #requests = new Map<string, number>();
  #isEnding = false;

  /** Follows a server that does not listen yet. */
  follow(server: Server): void {
    server.on('connection', (socket: Socket) => this.#opened(socket));
    server.prependListener('request', (request, response) => this.#begun(request, response));
  }

  /** Ends every connection as soon as it has no request in progress; new ones at once. */
  end(): void {
    this.#isEnding = true;
    for (const [peer, socket] of this.#sockets) {
      if (!this.#requests.has(peer)) socket.destroySoon();
    }
  }

  /** Ends them all, whatever they do. */
  cut(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #opened(socket: Socket): void {
    const peer = peerOf(socket);
    this.#sockets.set(peer, socket);
    socket.once('close', () => {
      if (this.#sockets.get(peer) === socket) this.#sockets.delete(peer);
    });
    if (this.#isEnding) socket.destroySoon();
  }

  #begun({ socket }: IncomingMessage, response: ServerResponse): void {
    const peer = peerOf(socket);
    this.#requests.set(peer, (this.#requests.get(peer) ?? 0) + 1);
    response.once('close', () => {
      const left = this.#requests.get(peer)! - 1;
      if (left > 0) this.#requests.set(peer, left);
      else this.#requests.delete(peer);
      if (left === 0 && this.#isEnding) socket.destroySoon();
    });
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
