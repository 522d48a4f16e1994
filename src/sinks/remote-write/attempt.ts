import { type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { messageOf } from '../../core/errors.ts';

/** What came of one POST. */
export type Outcome =
  | { readonly kind: 'written'; readonly status: number; readonly headers: Answer['headers'] }
  /** 5xx, or nothing at all: the same request may succeed later. */
  | {
      readonly kind: 'retry';
      readonly status: number;
      readonly reason: string;
      readonly afterMs: number;
    }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly reason: string;
      readonly headers: Answer['headers'];
    };

type Answer = Pick<IncomingMessage, 'headers'>;

export interface Post {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
  readonly agent: HttpAgent | HttpsAgent;
  readonly timeoutMs: number;
  readonly retryOn429: boolean;
  /** For a Retry-After that is a date, ms. */
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

/** So much of an error's body is kept. */
const reasonMax = 1_024;

/** Sends one request once. Never rejects. */
export function attempt(post: Post): Promise<Outcome> {
  return new Promise((resolve) => {
    const { url, body, agent, timeoutMs, signal } = post;
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { ...post.headers, 'content-length': String(body.length) };
    const lost = (error: unknown): void =>
      resolve({ kind: 'retry', status: 0, reason: messageOf(error), afterMs: 0 });
    const options = {
      method: 'POST',
      headers,
      agent,
      timeout: timeoutMs,
      ...(signal ? { signal } : {}),
    };
    const request = send(url, options, (answer) => {
      readReason(answer).then((reason) => resolve(judge(answer, reason, post)), lost);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', lost);
    request.end(body);
  });
}

async function readReason(answer: IncomingMessage): Promise<string> {
  let text = '';
  answer.setEncoding('utf8');
  for await (const part of answer) if (text.length < reasonMax) text += part;
  return text.slice(0, reasonMax).trim();
}

function judge({ statusCode = 0, headers }: IncomingMessage, reason: string, post: Post): Outcome {
  const status = statusCode;
  if (status >= 200 && status < 300) return { kind: 'written', status, headers };
  if (status >= 500 || (status === 429 && post.retryOn429)) {
    return {
      kind: 'retry',
      status,
      reason,
      afterMs: retryAfterMs(headers['retry-after'], post.nowMs),
    };
  }
  return { kind: 'refused', status, reason, headers };
}

/** Headers of a remote write request (remote-write reference, 1.1 and 1.2). */
export function writeHeaders(protocol: 1 | 2, userAgent: string): Record<string, string> {
  return {
    'content-encoding': 'snappy',
    'content-type':
      protocol === 1
        ? 'application/x-protobuf'
        : 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'user-agent': userAgent,
    'x-prometheus-remote-write-version': protocol === 1 ? '0.1.0' : '2.0.0',
  };
}

/**
 * Samples and histograms that a receiver of protocol 2 says it has written; -1: it says nothing.
 */
export function writtenOf(headers: Answer['headers']): number {
  const numbers = ['samples', 'histograms'].map(
    (name) => headers[`x-prometheus-remote-write-${name}-written`],
  );
  if (numbers.every((number) => number === undefined)) return -1;
  return numbers.reduce((sum, number) => sum + (Number(number ?? 0) || 0), 0);
}

/** Retry-After as seconds or as a date (RFC 9110, 10.2.3); 0 where there is none. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMs);
}
