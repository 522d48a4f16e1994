// Real Prometheus servers for the tests: Debian's (remote write 1.0 only) and, where Go is there,
// a 3.x that sends 2.0.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { inCache, inRoot, needProgram, run, which } from './house.mjs';

const debianBinary = inCache('prometheus-debian/usr/bin/prometheus');

export const prometheusDebian = {
  name: 'prometheus',
  what: "unpacking Debian's Prometheus",
  help: 'a Debian or Ubuntu with apt-get and a reachable mirror (as root: apt-get update)',
  isDone: () => existsSync(debianBinary),
  async run() {
    needProgram('apt-get');
    needProgram('dpkg-deb');
    const folder = inCache('prometheus-debian');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const download = () =>
      run('prometheus', 'apt-get', ['download', 'prometheus'], { cwd: folder });
    try {
      await download();
    } catch (error) {
      // A fresh container has no package lists.
      if (process.getuid() !== 0) throw error;
      await run('prometheus', 'apt-get', ['update']);
      await download();
    }
    const deb = readdirSync(folder).find((name) => name.endsWith('.deb'));
    await run('prometheus', 'dpkg-deb', ['-x', deb, '.'], { cwd: folder });
    await run('prometheus', debianBinary, ['--version']);
  },
};

const goModule = inRoot('scripts/setup/prometheus-3');
const goBinary = inCache('prometheus-3/prometheus');
const package_ = 'github.com/prometheus/prometheus/cmd/prometheus';

export const prometheus3 = {
  name: 'prometheus 3',
  what: 'building Prometheus 3 with Go (some minutes, once)',
  help: 'Go 1.26 or newer and a reachable Go module proxy',
  optional: true,
  isDone: () => existsSync(goBinary) || !which('go'),
  async run() {
    const unfinished = `${goBinary}.part`;
    const version = '-s -w -X github.com/prometheus/common/version.Version=3.9.1';
    await run(
      'prometheus-3',
      'go',
      ['build', '-trimpath', '-ldflags', version, '-o', unfinished, package_],
      { cwd: goModule, timeout: 400_000 },
    );
    renameSync(unfinished, goBinary);
  },
};
