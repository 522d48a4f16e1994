import { messageOf, SeastateError } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import { readNamed } from './files.ts';

/** Flags of verbs that ask a running server. */
export interface ApiFlags {
  readonly url?: string;
  readonly tokenFile?: string;
}

export const apiFlags = {
  url: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'url',
    brief: 'The server; http://127.0.0.1:9797 by default [SEASTATE_URL]',
  },
  tokenFile: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'file',
    brief: 'File that holds a bearer token [SEASTATE_TOKEN_FILE]',
  },
} as const;

const timeoutMs = 10_000;

/** A running server, as flags and environment name it. */
export interface Api {
  readonly url: string;
  /** The answer, whatever its status. Error `status`: there was none. */
  ask(path: string, body?: object): Promise<Response>;
}

export async function apiOf({ env }: CliContext, flags: ApiFlags): Promise<Api> {
  const url = (flags.url ?? (env['SEASTATE_URL'] || 'http://127.0.0.1:9797')).replace(/\/$/, '');
  const tokenFile = flags.tokenFile ?? (env['SEASTATE_TOKEN_FILE'] || undefined);
  const headers: Record<string, string> = {};
  if (tokenFile !== undefined) {
    const token = (await readNamed(tokenFile)).toString().split('\n')[0]!.trim();
    headers['authorization'] = `Bearer ${token}`;
  }
  const ask = async (path: string, body?: object): Promise<Response> => {
    const json = { 'content-type': 'application/json' };
    const post = body && { method: 'POST', body: JSON.stringify(body) };
    try {
      return await fetch(`${url}${path}`, {
        ...post,
        headers: body ? { ...headers, ...json } : headers,
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      const cause = (error as Error).cause ?? error;
      throw new SeastateError(
        'status',
        `no answer from ${url}: ${messageOf(cause)}; is it running, and is --url right?`,
        { cause: error },
      );
    }
  };
  return { url, ask };
}

/** `data` of an answer of the read API. Error `status` with what the server says. */
export async function dataOf<T>({ url }: Api, answer: Response): Promise<T> {
  const body = (await answer.json().catch(() => ({}))) as { data?: T; error?: string };
  if (answer.ok) return (body.data ?? {}) as T;
  throw new SeastateError('status', `${url}: ${body.error ?? `answers ${answer.status}`}`);
}
