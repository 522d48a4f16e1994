import { closed, sealedDate } from './sealed-date.ts';

type Change = (object: object, name: string, value: unknown) => void;

/**
 * Closes what would make a processor see more than its log: clock, randomness, time zone, language,
 * garbage collection, network and timers (DESIGN 3, equality). Writing files, child processes and
 * threads are closed by Node's `--permission`; built-in modules by the bundler, which takes none, and
 * `process` is gone. For the runner's own thread or process; called before any processor is loaded.
 */
export function sealGlobals(target: typeof globalThis = globalThis): void {
  sealMachine(target, (object, name, value) => {
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  });
  for (const name of closedGlobals) Reflect.deleteProperty(target, name);
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
  change(Buffer, 'allocUnsafe', Buffer.alloc);
  change(Buffer, 'allocUnsafeSlow', Buffer.alloc);
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

const closedGlobals = [
  'process',
  // On Spark standard output is the protocol.
  'console',
  'Intl',
  'Temporal',
  ...['fetch', 'WebSocket', 'EventSource', 'navigator', 'BroadcastChannel', 'MessageChannel'],
  ...['crypto', 'Crypto', 'SubtleCrypto'],
  // Clocks: their objects hold the time at which they were made.
  ...['performance', 'Performance', 'PerformanceMark', 'PerformanceMeasure', 'PerformanceObserver'],
  ...[
    'Event',
    'CustomEvent',
    'MessageEvent',
    'CloseEvent',
    'AbortSignal',
    'AbortController',
    'File',
  ],
  // What goes on after a handler has returned falls into whatever batch is next.
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
  // They tell when memory was cleaned up.
  ...['WeakRef', 'FinalizationRegistry'],
];
