import { setFlagsFromString } from 'node:v8';

/**
 * Bodies and records are short-lived buffers outside of V8's heap, and the heap of the process
 * that serves them is small. Left alone V8 then collects everything for each 16 MB of them, a
 * quarter of the CPU of remote write 1.0 (measured: 0.57 CPU s per million samples, 0.41 with
 * this). To be called once, at the start of the process.
 */
export function letHeapGrow(): void {
  setFlagsFromString('--heap-growing-percent=150');
}
