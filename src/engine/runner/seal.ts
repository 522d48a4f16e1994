import { closed, sealedDate } from './sealed-date.ts';
import { sealStacks } from './sealed-stacks.ts';

type Change = (object: object, name: string, value: unknown) => void;

/**
 * Closes what would make a processor see more than its log: clock, randomness, time zone, language,
 * garbage collection, network, timers and stacks (DESIGN 3, equality): of the globals a list stays.
 * Writing files, child processes and threads are closed by Node's `--permission`; built-in modules
 * by the bundler, which takes none. For the runner's own thread or process; called before any
 * processor is loaded.
 */
export function sealGlobals(target: typeof globalThis = globalThis): void {
  sealStacks(target);
  sealMachine(target, (object, name, value) => {
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  });
  for (const name of Object.getOwnPropertyNames(target)) {
    // What cannot be deleted (`gc`, where options of Node ask for it) can be written.
    const stays = openGlobals.has(name) || Reflect.deleteProperty(target, name);
    if (!stays) Reflect.set(target, name, undefined);
  }
}

/**
 * Runs processors in a program that does other things besides, such as a test: clock, randomness,
 * time zone and language are closed while `body`, which must be synchronous, runs.
 */
export function sealedWhile<T>(body: () => T): T {
  const undo: (() => void)[] = [];
  sealMachine(globalThis, (object, name, value) => {
    const before = Object.getOwnPropertyDescriptor(object, name)!;
    undo.push(() => Object.defineProperty(object, name, before));
    Object.defineProperty(object, name, { ...before, value });
  });
  try {
    return body();
  } finally {
    for (const open of undo) open();
  }
}

function sealMachine(target: typeof globalThis, change: Change): void {
  const { Date: RealDate } = target;
  const Sealed = sealedDate(RealDate);
  for (const name of Object.getOwnPropertyNames(RealDate.prototype)) {
    const local = /^(get|set)(?!UTC|Time$)|^to(Locale|Date|Time|String)/.test(name);
    if (local) change(RealDate.prototype, name, closed(`Date.prototype.${name}`));
  }
  change(RealDate.prototype, 'constructor', Sealed);
  change(RealDate, 'now', closed('Date.now'));
  change(target, 'Date', Sealed);
  change(target.Math, 'random', closed('Math.random'));
  for (const [name, prototype, of] of byLanguage(target)) {
    change(prototype, name, () => {
      throw new Error(`${of}.prototype.${name} is closed to processors: languages differ`);
    });
  }
  // Its ids are random.
  change(target.URL, 'createObjectURL', closed('URL.createObjectURL'));
  // A timer by another name.
  change(target.Atomics, 'waitAsync', closed('Atomics.waitAsync'));
  change(Buffer, 'allocUnsafe', Buffer.alloc);
  change(Buffer, 'allocUnsafeSlow', Buffer.alloc);
  // `Buffer.from(text).buffer` would show the pool, with what others left there.
  change(Buffer, 'poolSize', 0);
}

/** What goes by the language of the machine. */
const byLanguage = (target: typeof globalThis) =>
  [
    ['localeCompare', target.String.prototype, 'String'],
    ['toLocaleLowerCase', target.String.prototype, 'String'],
    ['toLocaleUpperCase', target.String.prototype, 'String'],
    ['toLocaleString', target.Number.prototype, 'Number'],
    ['toLocaleString', target.BigInt.prototype, 'BigInt'],
  ] as const;

/**
 * Names that stay; every other global goes, whatever Node or the language adds. Gone so are among
 * others: clocks and what is stamped by them (`performance`, `Event`, `File`), random ids
 * (`crypto`), the network, timers and ports (what goes on after a handler has returned falls into
 * whatever batch is next), what tells when memory was cleaned up (`WeakRef`), what goes by language
 * and time zone (`Intl`, `Temporal`) and `console`: on Spark standard output is the protocol.
 */
const openGlobals: ReadonlySet<string> = new Set([
  ...['globalThis', 'global', 'undefined', 'NaN', 'Infinity', 'eval'],
  ...['Object', 'Function', 'Symbol', 'Proxy', 'Reflect', 'Promise', 'Iterator', 'JSON', 'RegExp'],
  ...['Boolean', 'Number', 'BigInt', 'String', 'Math', 'Date'],
  ...['Map', 'Set', 'WeakMap', 'WeakSet', 'DisposableStack', 'AsyncDisposableStack'],
  ...['Array', 'ArrayBuffer', 'SharedArrayBuffer', 'Atomics', 'DataView', 'Uint8ClampedArray'],
  ...['Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float32Array', 'Float64Array'],
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SuppressedError'],
  ...['SyntaxError', 'TypeError', 'URIError'],
  ...['parseInt', 'parseFloat', 'isNaN', 'isFinite', 'escape', 'unescape'],
  ...['encodeURI', 'encodeURIComponent', 'decodeURI', 'decodeURIComponent'],
  // Not of the language, and the same everywhere.
  ...['WebAssembly', 'Buffer', 'TextEncoder', 'TextDecoder', 'atob', 'btoa', 'structuredClone'],
  ...['URL', 'URLSearchParams', 'DOMException'],
  // What schemas of users say of themselves, our zod finds there.
  ...['__zod_globalConfig', '__zod_globalRegistry'],
]);
