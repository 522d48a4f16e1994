/**
 * `npm run lock`: brings package-lock.json up to date, then adds the platform packages that the
 * registry at hand does not offer (some mirrors carry one platform only): without an entry for
 * each, `npm ci` refuses the lockfile. Platform and processor stand in their names.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  version: string;
  optionalDependencies?: Record<string, string>;
  [key: string]: unknown;
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors: Record<string, string> = {
  arm64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  arm: 'arm',
  armv7: 'arm',
};

/** What npm would have written for the platform package `name`, less its integrity. */
function platformEntry(name: string, version: string, dev: unknown): Entry {
  const words = name.split('/').at(-1)!.split('-');
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.flatMap((word) => processors[word] ?? []);
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`no platform in the name ${name}`);
  const libc = words.includes('musl') || words.includes('musleabihf') ? { libc: ['musl'] } : {};
  return { version, cpu, ...(dev ? { dev } : {}), ...libc, optional: true, os };
}

const npm = spawnSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], {
  stdio: 'inherit',
});
if (npm.status !== 0) process.exit(1);

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Entry>;
};
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const at = `node_modules/${name}`;
    if (lock.packages[at] || lock.packages[`${path}/${at}`]) continue;
    lock.packages[at] = platformEntry(name, version, entry['dev']);
    console.log(`added ${name}@${version}`);
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
