/** Whether a function of an author returns before it is done. */
export const isAsync = (value: unknown): boolean =>
  typeof value === 'function' && value.constructor.name === 'AsyncFunction';
