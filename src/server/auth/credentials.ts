import { createHmac, randomBytes } from 'node:crypto';
import { SeastateError } from '../../core/errors.ts';

/** What a credential may do: `write` samples, `read` the API, `admin`: all tenants and reload. */
export type Role = 'write' | 'read' | 'admin';

/** Who sends a request. Without authentication everybody is `anyone`. */
export interface Identity {
  /** The credential's name: the cluster of series that name none. */
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly Role[];
}

export const anyone: Identity = {
  name: 'default',
  tenant: 'default',
  roles: ['write', 'read', 'admin'],
};

/** Exactly one of `basic`, `bearer` and `certificate`. */
export interface CredentialOptions {
  readonly name: string;
  readonly tenant?: string;
  readonly roles: readonly Role[];
  readonly basic?: { readonly user: string; readonly passwordFile: string };
  readonly bearer?: { readonly tokenFile: string };
  /** Common name of a verified client certificate; `*`: any, and the credential has its name. */
  readonly certificate?: { readonly commonName: string };
}

/**
 * The credentials in force. A secret file may hold several lines: each of them is valid. Secrets
 * are kept and looked up as HMACs under a key of this process, so the time that a look-up takes
 * says nothing about a secret.
 */
export class Credentials {
  readonly #key = randomBytes(32);
  readonly #secrets = new Map<string, { identity: Identity; validUntilMs: number }>();
  readonly #certificates = new Map<string, Identity>();
  #anyCertificate: Identity | undefined;

  /**
   * Takes new options and the content of their files. A secret that is gone stays valid until
   * `graceUntilMs`, because its sender learns of a rotation at another moment than we do.
   */
  replace(
    options: readonly CredentialOptions[],
    files: ReadonlyMap<string, string>,
    nowMs: number,
    graceUntilMs: number,
  ): void {
    // A file that holds nothing throws before anything is changed.
    for (const { basic, bearer } of options) {
      const file = basic?.passwordFile ?? bearer?.tokenFile;
      if (file !== undefined) secretLines(file, files);
    }
    const known = new Map(options.map((option) => [option.name, identityOf(option)]));
    for (const [digest, secret] of this.#secrets) {
      const identity = known.get(secret.identity.name);
      if (!identity || secret.validUntilMs <= nowMs) this.#secrets.delete(digest);
      else {
        const validUntilMs = Math.min(secret.validUntilMs, graceUntilMs);
        this.#secrets.set(digest, { identity, validUntilMs });
      }
    }
    this.#certificates.clear();
    this.#anyCertificate = undefined;
    for (const option of options) this.#add(option, known.get(option.name)!, files);
  }

  #add(option: CredentialOptions, identity: Identity, files: ReadonlyMap<string, string>): void {
    const { basic, bearer, certificate } = option;
    if (basic) {
      for (const password of secretLines(basic.passwordFile, files)) {
        this.#allow(`basic\0${basic.user}:${password}`, identity);
      }
    } else if (bearer) {
      for (const token of secretLines(bearer.tokenFile, files)) {
        this.#allow(`bearer\0${token}`, identity);
      }
    } else if (certificate?.commonName === '*') this.#anyCertificate = identity;
    else if (certificate) this.#certificates.set(certificate.commonName, identity);
  }

  #allow(secret: string, identity: Identity): void {
    this.#secrets.set(this.#digest(secret), { identity, validUntilMs: Number.POSITIVE_INFINITY });
  }

  #digest(secret: string): string {
    return createHmac('sha256', this.#key).update(secret).digest('base64');
  }

  /** Who an Authorization header stands for; undefined when it is unknown or malformed. */
  ofHeader(authorization: string, nowMs: number): Identity | undefined {
    const [, scheme, rest] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
    if (scheme === undefined || rest === undefined) return undefined;
    const kind = scheme.toLowerCase();
    let secret: string;
    if (kind === 'bearer') secret = `bearer\0${rest}`;
    else if (kind === 'basic') secret = `basic\0${Buffer.from(rest, 'base64').toString('utf8')}`;
    else return undefined;
    const found = this.#secrets.get(this.#digest(secret));
    return found && found.validUntilMs > nowMs ? found.identity : undefined;
  }

  /** Who a verified client certificate stands for. */
  ofCertificate(commonName: string): Identity | undefined {
    const exact = this.#certificates.get(commonName);
    if (exact || !this.#anyCertificate || commonName === '') return exact;
    return { ...this.#anyCertificate, name: commonName };
  }
}

const identityOf = ({ name, tenant = 'default', roles }: CredentialOptions): Identity => ({
  name,
  tenant,
  roles,
});

function secretLines(file: string, files: ReadonlyMap<string, string>): string[] {
  const lines = (files.get(file) ?? '').split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0) {
    throw new SeastateError('bad_secret', `${file} holds no secret: write it on a line of its own`);
  }
  return lines;
}
