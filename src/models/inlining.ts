/*
 * What one sample runs through is more code than V8 puts into one function by itself: calls are
 * left whose answers go over the heap. With a higher limit a sample of the default detector takes
 * four fifths of the time (bench/detection/README.md, "Cost"). The setting holds for the whole
 * process, threads included; `process` is gone where processors run.
 */
const v8 = globalThis.process?.getBuiltinModule('node:v8');
v8?.setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
