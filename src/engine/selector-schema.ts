import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { parseSelector } from '../core/matchers.ts';

/** A selector in settings: refused with its mistake. */
export const selector = z.string().superRefine((given, context) => {
  try {
    parseSelector(given);
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
});
