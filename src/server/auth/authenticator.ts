import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { anyone, type CredentialOptions, Credentials, type Identity } from './credentials.ts';
import { type HostRule, meansUs } from './hosts.ts';

export interface AuthenticatorParts {
  readonly now: () => number;
  /** Told of files that cannot be read or used; the last good ones stay in force. */
  readonly onError: (error: unknown) => void;
}

export interface AuthenticatorOptions extends HostRule {
  readonly credentials: readonly CredentialOptions[];
  /** How long a replaced secret stays valid. Default 2 min. */
  readonly rotationGraceMs?: number;
  /** Who sends no credentials at all is `anyone`, though there are some. */
  readonly allowUnauthenticated?: boolean;
}

/** An unknown secret makes us look at the files at once, but not more often than this. */
const missRefreshMs = 1_000;

/** Says who sends a request, from credentials in files that may change at any time. */
export class Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #credentials = new Credentials();
  /** Identities of client certificates: a handshake is looked at once. */
  readonly #peers = new WeakMap<TLSSocket, { identity: Identity | undefined; version: number }>();
  #options: AuthenticatorOptions;
  #version = 0;
  #files: ReadonlyMap<string, string> = new Map();
  #refreshing: Promise<boolean> | undefined;
  #refreshedMs = Number.NEGATIVE_INFINITY;

  private constructor(options: AuthenticatorOptions, parts: AuthenticatorParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Rejects when a file cannot be read or is empty. */
  static async open(
    options: AuthenticatorOptions,
    parts: AuthenticatorParts,
  ): Promise<Authenticator> {
    const authenticator = new Authenticator(options, parts);
    await authenticator.configure(options);
    return authenticator;
  }

  /** Other credentials from now on; rejects as `open` does, and then the old ones stay. */
  async configure(options: AuthenticatorOptions): Promise<void> {
    await this.#refreshing;
    this.#take(options, await readAll(options.credentials));
    this.#options = options;
  }

  /** Without credentials everybody is `anyone`. */
  get enabled(): boolean {
    return this.#options.credentials.length > 0;
  }

  /** Value of WWW-Authenticate. */
  get challenge(): string {
    const { credentials } = this.#options;
    const schemes = [
      ...(credentials.some(({ basic }) => basic) ? ['Basic realm="seastate"'] : []),
      ...(credentials.some(({ bearer }) => bearer) ? ['Bearer realm="seastate"'] : []),
    ];
    return schemes.join(', ') || 'Certificate';
  }

  /** Who sends the request; undefined when nobody that we know. */
  async identify(request: IncomingMessage): Promise<Identity | undefined> {
    if (!this.enabled) return anyone;
    const known = this.#identify(request);
    if (known) return known;
    if (request.headers.authorization === undefined) {
      return this.#options.allowUnauthenticated ? anyone : undefined;
    }
    // The sender may have got its new secret before we looked at ours.
    if (this.#parts.now() - this.#refreshedMs < missRefreshMs && !this.#refreshing)
      return undefined;
    return (await this.refresh()) ? this.#identify(request) : undefined;
  }

  /**
   * Whether who it is may come by the name in its `Host` header: what a credential says nobody else
   * can, but `anyone` may be a web page that has its own name point here.
   */
  isAtUs(identity: Identity, { headers }: IncomingMessage): boolean {
    return identity !== anyone || meansUs(headers.host, this.#options);
  }

  #identify(request: IncomingMessage): Identity | undefined {
    const header = request.headers.authorization;
    if (header !== undefined) return this.#credentials.ofHeader(header, this.#parts.now());
    const { socket } = request;
    return socket instanceof TLSSocket ? this.#ofCertificate(socket) : undefined;
  }

  #ofCertificate(socket: TLSSocket): Identity | undefined {
    if (!socket.authorized) return undefined;
    const kept = this.#peers.get(socket);
    if (kept?.version === this.#version) return kept.identity;
    const { CN: commonName } = socket.getPeerCertificate().subject ?? {};
    const name = Array.isArray(commonName) ? commonName[0] : commonName;
    const identity = this.#credentials.ofCertificate(name ?? '');
    this.#peers.set(socket, { identity, version: this.#version });
    return identity;
  }

  /** Reads the files again; whether something changed. What cannot be read stays as it was. */
  refresh(): Promise<boolean> {
    this.#refreshing ??= this.#load()
      .catch((error: unknown) => {
        this.#parts.onError(error);
        return false;
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }

  async #load(): Promise<boolean> {
    this.#refreshedMs = this.#parts.now();
    const options = this.#options;
    const files = await readAll(options.credentials);
    const changed = [...files].some(([path, content]) => content !== this.#files.get(path));
    // Another configuration may have come in between.
    if (!changed || options !== this.#options) return false;
    this.#take(options, files);
    return true;
  }

  #take(options: AuthenticatorOptions, files: ReadonlyMap<string, string>): void {
    const now = this.#parts.now();
    const graceMs = options.rotationGraceMs ?? 120_000;
    this.#credentials.replace(options.credentials, files, now, now + graceMs);
    this.#files = files;
    this.#version++;
  }
}

async function readAll(credentials: readonly CredentialOptions[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { basic, bearer } of credentials) {
    const path = basic?.passwordFile ?? bearer?.tokenFile;
    if (path !== undefined && !files.has(path)) files.set(path, await readFile(path, 'utf8'));
  }
  return files;
}
