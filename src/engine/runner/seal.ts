/**
 * Closes what would make a processor see more than its log: clock, randomness, time zone, network
 * and timers (DESIGN 3, equality). Writing files, child processes and threads are closed by Node's
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
      if ((args.length as number) === 0) refuse('new Date()')();
      super(...args);
    }
  }
  for (const name of Object.getOwnPropertyNames(RealDate.prototype)) {
    const local = /^(get|set)(?!UTC|Time$)|^to(Locale|Date|Time|String)/.test(name);
    if (local) Object.assign(RealDate.prototype, { [name]: refuse(`Date.prototype.${name}`) });
  }
  Object.assign(target, { Date: SealedDate });
  target.Math.random = refuse('Math.random');
  for (const name of closedGlobals) Reflect.deleteProperty(target, name);
}

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
