// What the steps of the set-up share: places, running programs, content stamps, one lock.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const cacheFolder = join(root, '.cache');
export const inRoot = (...parts) => join(root, ...parts);
export const inCache = (...parts) => join(cacheFolder, ...parts);

/** Talk goes to stderr: stdout is for data. */
export const note = (text) => console.error(`[setup] ${text}`);

/** Path of a program in PATH, or undefined. */
export function which(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

export function needProgram(name) {
  if (!which(name)) throw new Error(`"${name}" is not installed`);
}

/**
 * Runs a program to its end; its output goes to .cache/logs/NAME.log. Fails with its last lines.
 */
export function run(logName, command, args, options = {}) {
  const log = inCache('logs', `${logName}.log`);
  mkdirSync(dirname(log), { recursive: true });
  appendFileSync(log, `\n$ ${command} ${args.join(' ')}\n`);
  const out = openSync(log, 'a');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', out, out] });
    const fail = (why) => {
      const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-8).join('\n    ');
      const error = new Error(`${command} ${args[0] ?? ''}: ${why}\n    ${tail}\n  log: ${log}`);
      reject(Object.assign(error, { tried: true }));
    };
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code, signal) =>
      code === 0 ? resolve() : fail(`ended with ${code ?? signal}`),
    );
  });
}

/** The files of files and folders (paths from the root), without what is built or installed. */
function filesOf(paths) {
  return paths.flatMap((path) => {
    if (!existsSync(inRoot(path))) return [];
    if (!statSync(inRoot(path)).isDirectory()) return [path];
    const names = readdirSync(inRoot(path)).sort();
    const own = names.filter((name) => !['dist', 'target', 'node_modules'].includes(name));
    return filesOf(own.map((name) => `${path}/${name}`));
  });
}

/** Digest of files and folders (paths from the root), by content and path. */
export function contentHash(paths) {
  const hash = createHash('sha256');
  for (const path of filesOf(paths)) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(inRoot(path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * Whether what a step has built is of other sources than those that stand here: neither the set-up
 * made it of the very same, nor somebody by hand since they changed last.
 */
export function isStale({ product, sources, isDone }) {
  if (!existsSync(product) || isDone()) return false;
  const builtMs = statSync(product).mtimeMs;
  return filesOf(sources).some((path) => statSync(inRoot(path)).mtimeMs > builtMs);
}

const stampFile = (name) => inCache('stamps', name);
export const isStamped = (name, hash) =>
  existsSync(stampFile(name)) && readFileSync(stampFile(name), 'utf8') === hash;
export function stamp(name, hash) {
  mkdirSync(inCache('stamps'), { recursive: true });
  writeFileSync(stampFile(name), hash);
}

export function skipFile(name) {
  mkdirSync(inCache('stamps'), { recursive: true });
  return stampFile(`${name.replaceAll(' ', '-')}.skipped`);
}
export const readSkip = (name) => existsSync(skipFile(name));

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Waits until no other set-up of this checkout runs; resolves to the way to end the lock. */
export async function lockSetup() {
  const file = inCache('setup.lock');
  for (let waited = 0; ; waited++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    if (waited > 0 && !(pid > 0 && isAlive(pid))) rmSync(file, { force: true });
    else if (waited === 1) note(`waiting for the set-up of process ${pid}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
