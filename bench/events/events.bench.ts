import type { BenchCase } from '../bench-case.ts';
import { filterSpeed } from './filter.ts';

/** Recall, precision and errors per rule: `run.ts`. */
export const cases: BenchCase[] = [
  { name: 'events: filter, 99.9 % platform logs', run: async () => filterSpeed() },
];
