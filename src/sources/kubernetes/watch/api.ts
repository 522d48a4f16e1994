import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { messageOf, SeastateError } from '../../../core/errors.ts';

export interface ApiOptions {
  /** Undefined: the service account of the pod that we run in. */
  readonly kubeconfig: string | undefined;
  /** Undefined: the current one. */
  readonly context: string | undefined;
}

/** Parameters of a query; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

const errorBytesMax = 64 << 10;

/**
 * Requests to one API server with the credentials of a kubeconfig or of the pod. The library reads
 * configuration and credentials (tokens, certificates, exec plug-ins, proxies); the answers are
 * read as streams, as fast as we take them.
 */
export class KubernetesApi {
  readonly server: string;
  readonly #config: KubeConfig;

  private constructor(config: KubeConfig, server: string) {
    this.#config = config;
    this.server = server.replace(/\/$/, '');
  }

  /** Throws `kubernetes_config`. */
  static async open({ kubeconfig, context }: ApiOptions): Promise<KubernetesApi> {
    const library = await import('@kubernetes/client-node');
    const config = new library.KubeConfig();
    try {
      if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
      else if (process.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster();
      else throw new Error('this is no pod of a cluster: name a kubeconfig');
      if (context !== undefined) {
        if (!config.getContextObject(context)) throw new Error(`it has no context "${context}"`);
        config.setCurrentContext(context);
      }
      const cluster = config.getCurrentCluster();
      if (!cluster) throw new Error('its current context names no cluster');
      return new KubernetesApi(config, cluster.server);
    } catch (error) {
      const what = kubeconfig ?? 'the service account';
      throw new SeastateError('kubernetes_config', `${what}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** One object, as JSON; see `stream` for errors. */
  async json(path: string, query: Query, signal: AbortSignal): Promise<unknown> {
    const response = await this.stream(path, query, signal, requestTimeoutMs);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response) chunks.push(chunk as Uint8Array);
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  }

  /**
   * The body of a 200. Throws `kubernetes_gone` (410), `kubernetes_missing` (404),
   * `kubernetes_denied` (401, 403), else `kubernetes_unavailable`. Ends with an error after
   * `idleMs` without a byte.
   */
  async stream(
    path: string,
    query: Query,
    signal: AbortSignal,
    idleMs: number,
  ): Promise<IncomingMessage> {
    const url = new URL(this.server + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    let response: IncomingMessage;
    try {
      response = await this.#get(url, signal, idleMs);
    } catch (error) {
      const message = `${this.server} does not answer: ${messageOf(error)}`;
      throw new SeastateError('kubernetes_unavailable', message, { cause: error, retry: 'later' });
    }
    if (response.statusCode === 200) return response;
    throw apiError(response.statusCode ?? 0, `GET ${path}: ${await reasonOf(response)}`);
  }

  async #get(url: URL, signal: AbortSignal, idleMs: number): Promise<IncomingMessage> {
    const options: RequestOptions = { headers: { accept: 'application/json' } };
    await this.#config.applyToHTTPSOptions(options);
    const call = url.protocol === 'http:' ? httpRequest : httpsRequest;
    return await new Promise((resolve, reject) => {
      const request = call(url, { ...options, signal, timeout: idleMs }, resolve);
      request.on('timeout', () => request.destroy(new Error(`nothing came for ${idleMs} ms`)));
      request.on('error', reject);
      request.end();
    });
  }
}

const requestTimeoutMs = 60_000;

const codes: Readonly<Record<number, string>> = {
  401: 'kubernetes_denied',
  403: 'kubernetes_denied',
  404: 'kubernetes_missing',
  410: 'kubernetes_gone',
};

/** The error of a status code, of an answer or in a watch. */
export const apiError = (status: number, message: string): SeastateError =>
  new SeastateError(codes[status] ?? 'kubernetes_unavailable', `${status} ${message}`, {
    retry: 'later',
  });

/** What the API server says; its body is a Status object. */
async function reasonOf(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response) {
    body += String(chunk);
    if (body.length > errorBytesMax) break;
  }
  try {
    return String((JSON.parse(body) as { message?: unknown }).message ?? body);
  } catch {
    return body.slice(0, 200);
  }
}
