import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { messageOf, SeastateError } from '../../core/errors.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** CA of client certificates; without it none is asked for. */
  readonly clientCaFile?: string;
  /** Whether a connection without a good client certificate is ended. Default: required. */
  readonly clientCertificate?: 'required' | 'optional';
}

/** Certificate and key from files, and again when they change. */
export class TlsLoader {
  readonly #files: TlsFiles;
  #loaded = '';
  #secure: SecureContextOptions = {};

  private constructor(files: TlsFiles) {
    this.#files = files;
  }

  /** Rejects with `bad_tls` when a file cannot be read or used. */
  static async open(files: TlsFiles): Promise<TlsLoader> {
    const loader = new TlsLoader(files);
    await loader.#read();
    return loader;
  }

  get serverOptions(): TlsOptions {
    const { clientCaFile, clientCertificate = 'required' } = this.#files;
    return {
      ...this.#secure,
      minVersion: 'TLSv1.2',
      requestCert: clientCaFile !== undefined,
      rejectUnauthorized: clientCaFile !== undefined && clientCertificate === 'required',
    };
  }

  /** Gives new connections what the files hold now; a bad pair leaves the old one in force. */
  async refresh(server: Server): Promise<boolean> {
    if (!(await this.#read())) return false;
    server.setSecureContext(this.#secure);
    return true;
  }

  async #read(): Promise<boolean> {
    const { certFile, keyFile, clientCaFile } = this.#files;
    try {
      const cert = await readFile(certFile, 'utf8');
      const key = await readFile(keyFile, 'utf8');
      const ca = clientCaFile === undefined ? undefined : await readFile(clientCaFile, 'utf8');
      const loaded = `${cert}\0${key}\0${ca}`;
      if (loaded === this.#loaded) return false;
      const secure = { cert, key, ...(ca === undefined ? {} : { ca }) };
      // Certificate and key may be replaced one after the other: a pair that does not fit throws.
      createSecureContext(secure);
      this.#secure = secure;
      this.#loaded = loaded;
      return true;
    } catch (error) {
      throw new SeastateError('bad_tls', `TLS files cannot be used: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}
