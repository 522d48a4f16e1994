import type { IncomingMessage, ServerResponse } from 'node:http';
import { BodyAssembler, type BodyRoom, discard, readBody } from './body.ts';
import { negotiate, supported } from './negotiate.ts';

/** What the gateway answers; the same shape as its `WriteAnswer`. */
export interface Answer {
  readonly outcome: 'written' | 'rejected' | 'too_large' | 'later';
  readonly written: {
    readonly samples: number;
    readonly histograms: number;
    readonly exemplars: number;
  };
  readonly message?: string;
  readonly retryAfterSeconds?: number;
}

/** Who sends: a credential. */
interface Sender {
  readonly name: string;
  readonly tenant: string;
}

/** What this source needs of the gateway. */
export interface WriteTarget {
  roomOf(sender: Sender): BodyRoom;
  /** An answer when the body need not come. `bodyBytes`: declared, 0 when unknown. */
  refusal(sender: Sender, bodyBytes: number): Answer | undefined;
  tooLarge(sender: Sender, bodyBytes: number): Answer;
  overloaded(sender: Sender): Answer;
  write(request: {
    readonly protocol: 1 | 2;
    readonly body: Uint8Array;
    /** The body is valid only until `write` returns its promise. */
    readonly isShared: boolean;
    readonly sender: Sender;
    readonly retryAttempt: number;
  }): Promise<Answer>;
}

/** Requests that the gateway never saw, by reason. */
export interface SourceCounters {
  unsupported: number;
  aborted: number;
}

/** A sender may always finish a body of this size. */
const discardedBytesMin = 1 << 20;

const statusCodes: Record<Answer['outcome'], number> = {
  written: 204,
  rejected: 400,
  too_large: 413,
  later: 503,
};

/**
 * `POST /api/v1/write` of a sender that is known: negotiation, body, answer, exactly as in
 * docs/concepts/delivery.md. What headers alone decide is answered before the body is read.
 */
export class RemoteWriteHandler {
  readonly counters: SourceCounters = { unsupported: 0, aborted: 0 };
  readonly #target: WriteTarget;
  readonly #bodyBytesMax: number;
  readonly #assembler = new BodyAssembler();

  constructor(target: WriteTarget, options: { readonly bodyBytesMax: number }) {
    this.#target = target;
    this.#bodyBytesMax = options.bodyBytesMax;
  }

  async handle(request: IncomingMessage, response: ServerResponse, sender: Sender): Promise<void> {
    const { headers } = request;
    const protocol = negotiate(headers['content-type'], headers['content-encoding']);
    if (protocol === undefined) {
      this.counters.unsupported++;
      sendText(response, 415, `unsupported content type or encoding: send ${supported}`);
      this.#discard(request);
      return;
    }
    const declared = Number(headers['content-length'] ?? 0);
    const refusal = this.#target.refusal(sender, declared);
    if (refusal) {
      send(response, protocol, refusal);
      this.#discard(request);
      return;
    }
    const result = await readBody(request, this.#bodyBytesMax, this.#target.roomOf(sender));
    if ('chunks' in result) {
      const retryAttempt = Number.parseInt(String(headers['retry-attempt'] ?? 0), 10) || 0;
      const joined = this.#assembler.join(result.chunks, result.bytes);
      const answer = await this.#target.write({ protocol, ...joined, sender, retryAttempt });
      send(response, protocol, answer);
    } else if (result.failed === 'aborted') this.counters.aborted++;
    else {
      const isLarge = result.failed === 'too_large';
      const answer = isLarge
        ? this.#target.tooLarge(sender, result.bytes)
        : this.#target.overloaded(sender);
      send(response, protocol, answer);
      this.#discard(request);
    }
  }

  /** What was refused by its headers may still be on its way. */
  #discard(request: IncomingMessage): void {
    discard(request, Math.max(this.#bodyBytesMax, discardedBytesMin));
  }
}

/** Protocol 2 is told what was written, whatever the status; protocol 1 must not be. */
function send(response: ServerResponse, protocol: 1 | 2, answer: Answer): void {
  if (protocol === 2) {
    const { samples, histograms, exemplars } = answer.written;
    response.setHeader('X-Prometheus-Remote-Write-Samples-Written', samples);
    response.setHeader('X-Prometheus-Remote-Write-Histograms-Written', histograms);
    response.setHeader('X-Prometheus-Remote-Write-Exemplars-Written', exemplars);
  }
  if (answer.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', answer.retryAfterSeconds);
  }
  const status = statusCodes[answer.outcome];
  if (status !== 204) sendText(response, status, answer.message ?? '');
  else {
    response.statusCode = 204;
    response.end();
  }
}

function sendText(response: ServerResponse, status: number, message: string): void {
  const body = Buffer.from(`${message}\n`);
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
