/** What the calls were, for people. Not state: processors never see it. */
const full = new WeakMap<object, string>();

/**
 * From here on `stack` shows processors what an error says, and no calls: the paths in them, and
 * who called the processor, differ by machine and runtime.
 */
export function sealStacks(target: typeof globalThis): void {
  const say = target.Error.prototype.toString;
  const prepare = (error: object, calls: readonly NodeJS.CallSite[]): string => {
    let said = 'Error';
    try {
      said = say.call(error);
    } catch {
      // Its name or message is made up by whoever throws it, and throws in turn.
    }
    full.set(error, [said, ...calls].join('\n    at '));
    return said;
  };
  // Who sets another one, as libraries do, changes nothing.
  Object.defineProperty(target.Error, 'prepareStackTrace', { get: () => prepare, set: () => {} });
}

/** The stack of an error as it was before stacks were closed, for people; '' of what has none. */
export function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return full.get(error as object) ?? stack;
}
