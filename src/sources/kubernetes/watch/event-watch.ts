import type { SeastateError } from '../../../core/errors.ts';
import { reject, type SourceCounters } from '../../counters.ts';
import { type AppendRejected, keepRejected } from '../../rejected.ts';
import { pause } from '../../supervised.ts';
import {
  type AppendEvent,
  appendAll,
  type OwnedEvent,
  type Refused,
  readOwnedEvents,
} from '../owned-events.ts';
import { apiError, type KubernetesApi } from './api.ts';
import { linesOf } from './lines.ts';
import type { WatchPositions } from './position.ts';

export interface EventWatchOptions {
  readonly name: string;
  readonly tenant: string;
  /** Of every event. */
  readonly cluster: string;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly pageSize: number;
  /** A watch is asked for anew after this time. */
  readonly watchMs: number;
  /** One event. */
  readonly eventBytesMax: number;
  readonly rejectedBytesMax: number;
}

export interface EventWatchParts {
  readonly api: KubernetesApi;
  readonly positions: WatchPositions;
  readonly append: AppendEvent;
  /** Appends to the `rejected` topic. */
  readonly reject: AppendRejected;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly counters: SourceCounters;
  /** Told when the first list is there, or the first watch goes on from where it stood. */
  readonly onReading: () => void;
}

/** A line of a watch, as the API writes it. */
interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly metadata?: { readonly resourceVersion?: string };
    readonly code?: number;
    readonly message?: string;
  };
}

interface ListPage {
  readonly items?: readonly object[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

const bases = ['/apis/events.k8s.io/v1', '/api/v1'] as const;
/** A watch that ends at once is not asked for again at once. */
const breathMs = 500;
/** The server ends a watch by itself; one that says nothing at all for longer is dead. */
const graceMs = 30_000;

/**
 * Lists and watches the Kubernetes events of one API server: from the position where it stood, by
 * a list where there is none or the server has forgotten it (410). What a list repeats is the same
 * events again, which the events processor knows by their uid and count.
 */
export class EventWatch {
  readonly #options: EventWatchOptions;
  readonly #parts: EventWatchParts;
  readonly #signal: AbortSignal;

  constructor(options: EventWatchOptions, parts: EventWatchParts, signal: AbortSignal) {
    this.#options = options;
    this.#parts = parts;
    this.#signal = signal;
  }

  /** Runs until the signal aborts; rejects with the errors of `KubernetesApi`. */
  async run(): Promise<void> {
    const base = await this.#base();
    const { namespaces } = this.#options;
    const lists =
      namespaces.length === 0
        ? [`${base}/events`]
        : namespaces.map((one) => `${base}/namespaces/${encodeURIComponent(one)}/events`);
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#signal, ended.signal]);
    const follows = lists.map((list) => this.#follow(list, signal));
    try {
      await Promise.all(follows);
    } finally {
      ended.abort();
      // What is under way still moves its position; the next run has the file for itself.
      await Promise.allSettled(follows);
      await this.#parts.positions.close();
    }
  }

  /** events.k8s.io where the server has it. */
  async #base(): Promise<string> {
    try {
      await this.#parts.api.json(bases[0], {}, this.#signal);
      return bases[0];
    } catch (error) {
      // Who may not look at the group may still be allowed to read it.
      const { code } = error as SeastateError;
      if (code === 'kubernetes_missing') return bases[1];
      if (code === 'kubernetes_denied') return bases[0];
      throw error;
    }
  }

  async #follow(list: string, signal: AbortSignal): Promise<void> {
    const { positions, onReading } = this.#parts;
    while (!signal.aborted) {
      try {
        if (positions.of(list) === undefined) await this.#list(list, signal);
        await this.#watch(list, signal);
        onReading();
      } catch (error) {
        if (signal.aborted) return;
        if ((error as SeastateError).code !== 'kubernetes_gone') throw error;
        positions.forget(list);
      }
      await pause(breathMs, signal);
    }
  }

  async #list(list: string, signal: AbortSignal): Promise<void> {
    const { api, positions, counters } = this.#parts;
    counters.lists++;
    let next: string | undefined;
    let version: string | undefined;
    do {
      const query = { limit: this.#options.pageSize, continue: next };
      const page = (await api.json(list, query, signal)) as ListPage;
      version = page.metadata?.resourceVersion;
      next = page.metadata?.continue || undefined;
      const lines = (page.items ?? []).map((object) =>
        Buffer.from(JSON.stringify({ type: 'ADDED', object })),
      );
      if (!(await this.#take(list, lines, signal))) return;
    } while (next !== undefined);
    if (version === undefined) throw apiError(0, `GET ${list}: the list has no resourceVersion`);
    positions.set(list, version);
    await positions.save();
  }

  async #watch(list: string, signal: AbortSignal): Promise<void> {
    const { api, positions, onReading } = this.#parts;
    const { watchMs, eventBytesMax } = this.#options;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: positions.of(list),
      timeoutSeconds: Math.ceil(watchMs / 1_000),
    };
    const body = await api.stream(list, query, signal, watchMs + graceMs);
    onReading();
    for await (const lines of linesOf(body, eventBytesMax)) {
      const { version, gone } = versionAfter(lines, list);
      const events = lines.filter((line) => !isQuiet(line));
      if (!(await this.#take(list, events, signal))) return;
      if (version !== undefined) positions.set(list, version);
      positions.saveSoon();
      if (gone) throw gone;
    }
  }

  /** False where the signal aborted before all of it was durable. */
  async #take(list: string, lines: readonly Buffer[], signal: AbortSignal): Promise<boolean> {
    const { append, counters, now } = this.#parts;
    const { tenant, cluster, eventBytesMax } = this.#options;
    const rule = { fields: [], cluster };
    const options = { receivedMs: now(), bytesMax: eventBytesMax };
    const items: { line: Buffer; owned: OwnedEvent }[] = [];
    const unusable: { line: Buffer; refused: Refused }[] = [];
    for (const line of lines) {
      counters.records++;
      const { events, refused } = readOwnedEvents(line, rule, options);
      if (events.length + refused.length === 0) counters.others++;
      for (const owned of events) items.push({ line, owned });
      for (const one of refused) unusable.push({ line, refused: one });
    }
    const lost = await appendAll(items, { append, tenant, counters, signal });
    if (lost === undefined) return false;
    for (const { item, refused } of lost) unusable.push({ line: item.line, refused });
    for (const { line, refused } of unusable) await this.#reject(list, line, refused);
    return true;
  }

  async #reject(list: string, line: Buffer, { reason, error }: Refused): Promise<void> {
    const { name, tenant, rejectedBytesMax } = this.#options;
    reject(this.#parts.counters, reason);
    const why = { source: `kubernetes/${name}`, format: 'kubernetes-events', reason, error };
    // Its place is the version of the object: the list has no offsets.
    const offset = Number(versionOf(line) ?? 0);
    const record = { offset: Number.isSafeInteger(offset) ? offset : 0, headers: {}, value: line };
    const parts = { ...this.#parts, tenant, bytesMax: rejectedBytesMax };
    await keepRejected(parts, { ...why, topic: list, partition: 0 }, record);
  }
}

const heads = ['{"type":"BOOKMARK"', '{"type":"DELETED"', '{"type":"ERROR"'];

/** Nothing happened to the cluster: bookmarks, errors, and events that were forgotten in time. */
const isQuiet = (line: Buffer): boolean => {
  const head = line.toString('latin1', 0, 20);
  return heads.some((quiet) => head.startsWith(quiet));
};

const versionOf = (line: Buffer): string | undefined => {
  try {
    return (JSON.parse(line.toString()) as WatchLine).object.metadata?.resourceVersion;
  } catch {
    return undefined;
  }
};

/** The version after the last of these lines, and the error that one of them may be. */
function versionAfter(
  lines: readonly Buffer[],
  list: string,
): { version: string | undefined; gone: SeastateError | undefined } {
  let gone: SeastateError | undefined;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]!;
    if (line.toString('latin1', 0, 15) !== '{"type":"ERROR"') {
      const version = versionOf(line);
      if (version !== undefined) return { version, gone };
      continue;
    }
    const { object } = JSON.parse(line.toString()) as WatchLine;
    gone = apiError(object.code ?? 0, `watch of ${list}: ${object.message ?? 'it ended'}`);
  }
  return { version: undefined, gone };
}
