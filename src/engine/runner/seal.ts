/**
 * Closes what would make a processor see more than its log: clock, randomness, time zone, language,
 * network and timers (DESIGN 3, equality). Writing files, child processes and threads are closed by Node's
 * `--permission`; built-in modules by the bundler, which takes none, and `process` is gone.
 * For the runner's own thread or process only; called before any processor is loaded.
 */
export function sealGlobals(target: typeof globalThis = globalThis): void {
  const refuse = (name: string) => (): never => {
    throw new Error(`${name} is closed to processors: their only clock is context.logTime`);
  };
  const RealDate = target.Date;
  class SealedDate extends RealDate {
    static override now = refuse('Date.now');
    constructor(...args: [number]) {
      const count: number = args.length;
      if (count === 0) refuse('new Date()')();
      if (count > 1) throw new Error('new Date(year, ...) goes by the time zone: use Date.UTC');
      super(...args);
    }
  }
  for (const name of Object.getOwnPropertyNames(RealDate.prototype)) {
    const local = /^(get|set)(?!UTC|Time$)|^to(Locale|Date|Time|String)/.test(name);
    if (local) Object.assign(RealDate.prototype, { [name]: refuse(`Date.prototype.${name}`) });
  }
  Object.assign(target, { Date: SealedDate });
  for (const [name, prototype, of] of byLanguage(target)) {
    const closed = (): never => {
      throw new Error(`${of}.prototype.${name} is closed to processors: languages differ`);
    };
    Object.assign(prototype, { [name]: closed });
  }
  target.Math.random = refuse('Math.random');
  for (const name of closedGlobals) Reflect.deleteProperty(target, name);
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
  'fetch',
  'WebSocket',
  'EventSource',
  'performance',
  'crypto',
  'navigator',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'BroadcastChannel',
];
