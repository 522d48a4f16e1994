import type { IncomingMessage } from 'node:http';

/** Room for a sender's bodies: bytes are reserved as they arrive. */
export interface BodyRoom {
  reserve(bytes: number): boolean;
  release(bytes: number): void;
}

/** `aborted`: the sender went away. Nothing stays reserved unless the body is complete. */
export type BodyResult =
  | { readonly chunks: readonly Uint8Array[]; readonly bytes: number }
  | { readonly failed: 'aborted' | 'no_room' }
  | { readonly failed: 'too_large'; readonly bytes: number };

/**
 * Reads a body of at most `bytesMax`. A declared length is not believed: what came is kept as it
 * came, so a sender that announces much and sends little costs little. After a failure the rest is
 * not looked at: see `discard`.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  room: BodyRoom,
): Promise<BodyResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let reserved = 0;
    let open = true;
    const fail = (result: BodyResult): void => {
      if (!open) return;
      open = false;
      room.release(reserved);
      chunks.length = 0;
      resolve(result);
    };
    request.on('data', (chunk: Buffer) => {
      if (!open) return;
      bytes += chunk.length;
      if (bytes > bytesMax) fail({ failed: 'too_large', bytes });
      else if (!room.reserve(chunk.length)) fail({ failed: 'no_room' });
      else {
        reserved += chunk.length;
        chunks.push(chunk);
      }
    });
    request.on('end', () => {
      if (!open) return;
      open = false;
      resolve({ chunks, bytes });
    });
    request.on('error', () => fail({ failed: 'aborted' }));
    request.on('close', () => fail({ failed: 'aborted' }));
  });
}

/** Bodies up to this size are put together in a buffer that is used again. */
const sharedBytesMax = 1 << 20;

/** Puts bodies together from their chunks. */
export class BodyAssembler {
  #shared: Uint8Array = new Uint8Array(0);

  /** One piece; `isShared`: valid until the next call, because garbage of that size is dear. */
  join(
    chunks: readonly Uint8Array[],
    bytes: number,
  ): { readonly body: Uint8Array; readonly isShared: boolean } {
    if (chunks.length === 1) return { body: chunks[0]!, isShared: false };
    const isShared = bytes <= sharedBytesMax;
    if (isShared && this.#shared.length < bytes) {
      this.#shared = new Uint8Array(Math.min(2 * bytes, sharedBytesMax));
    }
    const body = isShared ? this.#shared.subarray(0, bytes) : new Uint8Array(bytes);
    let at = 0;
    for (const chunk of chunks) {
      body.set(chunk, at);
      at += chunk.length;
    }
    return { body, isShared };
  }
}

/**
 * Reads what is left of a body that was answered already into nothing, so that the sender gets to
 * read its answer; one that goes on for more than `bytesMax` is cut off.
 */
export function discard(request: IncomingMessage, bytesMax: number): void {
  let bytes = 0;
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) request.socket.destroy();
  });
}
