import { parentPort, workerData } from 'node:worker_threads';
import { SeastateError } from '../core/errors.ts';
import { sealGlobals } from '../engine/runner/seal.ts';
import { sealModules } from '../engine/runner/sealed-modules.ts';
import { stackOf } from '../engine/runner/sealed-stacks.ts';
import type { BundleModule } from './exports.ts';

/**
 * What the thread is told at its start (as workerData): URLs of a module of ours and of a bundle.
 */
export interface Opening {
  readonly job: string;
  readonly bundle: string | undefined;
}

/**
 * What the thread says: what it is at, and at the end of opening and of each call one of the
 * others.
 */
export type Word =
  | { readonly doing: string }
  | { readonly answer: unknown }
  | {
      readonly error: {
        /** Of our own errors. */
        readonly code: string | undefined;
        readonly message: string;
        readonly stack: string;
      };
    };

/** What a job offers: plain synchronous functions whose arguments and results can be sent. */
// biome-ignore lint/suspicious/noExplicitAny: any function is one; `call` has the types of each.
export type Functions = Readonly<Record<string, (...args: any[]) => unknown>>;

/** What a job's module exports as `open`; `users` is empty without a bundle. */
export type Open = (users: BundleModule, tell: (doing: string) => void) => Functions;

const port = parentPort!;
const say = (word: Word): void => port.postMessage(word);

/** Says what `body` gives or throws. */
function answer(body: () => unknown): void {
  try {
    say({ answer: body() });
  } catch (error) {
    refuse(error);
  }
}

function refuse(error: unknown): void {
  const { message } = (error ?? {}) as Partial<Error>;
  const code = error instanceof SeastateError ? error.code : undefined;
  say({ error: { code, message: message ?? String(error), stack: stackOf(error) } });
}

const { job, bundle } = workerData as Opening;
// Ours, before everything is closed.
const { open } = (await import(job)) as { open: Open };
sealGlobals();
sealModules(bundle);
say({ doing: '' });
try {
  const users: BundleModule = bundle === undefined ? {} : await import(bundle);
  const functions = open(users, (doing) => say({ doing }));
  port.on('message', (call: { name: string; args: unknown[] } | null) => {
    if (call) answer(() => functions[call.name]!(...call.args));
    else port.close();
  });
  say({ answer: undefined });
} catch (error) {
  refuse(error);
}
