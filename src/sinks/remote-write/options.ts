import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** Where requests go, and how. */
export interface ClientOptions {
  readonly url: URL;
  /** `auto`: 2.0, and 1.0 once the receiver takes only that. */
  readonly protocol: 'auto' | '1.0' | '2.0';
  readonly userAgent: string;
  /** Beside those of the protocol; read again when the receiver refuses who we are. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
  };
  /** Requests under way at once. */
  readonly connections: number;
  readonly timeoutMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** After so long without an answer that says more than "later", `send` rejects. */
  readonly giveUpMs: number;
  /** Reject at once when the receiver refuses who we are, or has nothing at this address. */
  readonly failsFast: boolean;
  /** ms since the epoch. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Told when something begins to be wrong, changes, or is well again. */
  readonly tell: (fields: object, message: string) => void;
}

/** Connections that are kept open. */
export function agentOf({
  url,
  tls,
  connections,
}: Pick<ClientOptions, 'url' | 'tls' | 'connections'>): HttpAgent | HttpsAgent {
  const sockets = { keepAlive: true, maxSockets: connections };
  return url.protocol === 'https:'
    ? new HttpsAgent({ ...sockets, ...tls })
    : new HttpAgent(sockets);
}

/** Plain numbers, since the client was made. */
export interface ClientStats {
  requests: number;
  /** Samples and histograms that the receiver has. */
  samples: number;
  bytes: number;
  retries: number;
  /** Sent once more after a restart, and there already. */
  repeats: number;
  /** Samples that were refused for good, by reason. */
  readonly refused: Map<string, number>;
  /** ms since the epoch; 0 while the receiver answers well. */
  troubleSince: number;
}

export const newStats = (): ClientStats => ({
  requests: 0,
  samples: 0,
  bytes: 0,
  retries: 0,
  repeats: 0,
  refused: new Map(),
  troubleSince: 0,
});

/** Words for what a receiver says about samples that it will never take. */
export function reasonOf(status: number, answer: string): string {
  if (/out[ -]of[ -]order/i.test(answer)) return 'out_of_order';
  if (/duplicate/i.test(answer)) return 'duplicate';
  if (/too old|out of bounds/i.test(answer)) return 'too_old';
  if (/too far (in|into) the future/i.test(answer)) return 'future';
  return `http_${status}`;
}
