// A real API server of Kubernetes and its etcd, built with Go: for the tests of the watch. Not part
// of the usual set-up, because the build takes minutes of all cores and some gigabytes of disk.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { inCache, inRoot, needProgram, run } from './house.mjs';

const version = '1.36.3';
const goModule = inRoot('scripts/setup/kubernetes');
const flag = (name, value) => `-X k8s.io/component-base/version.${name}=${value}`;
const ldflags = [
  '-s -w',
  flag('gitVersion', `v${version}`),
  flag('gitMajor', '1'),
  flag('gitMinor', version.split('.')[1]),
].join(' ');

const binaries = {
  etcd: './etcd',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
};
const pathOf = (name) => inCache('kubernetes', name);

export const kubernetes = {
  name: 'kubernetes',
  what: `building the API server of Kubernetes ${version} and etcd with Go (some minutes, once)`,
  help: 'Go 1.26 or newer and a reachable Go module proxy',
  isDone: () => Object.keys(binaries).every((name) => existsSync(pathOf(name))),
  async run() {
    needProgram('go');
    mkdirSync(inCache('kubernetes'), { recursive: true });
    for (const [name, package_] of Object.entries(binaries)) {
      const unfinished = `${pathOf(name)}.part`;
      await run(
        'kubernetes',
        'go',
        ['build', '-trimpath', '-ldflags', ldflags, '-o', unfinished, package_],
        { cwd: goModule, timeout: 3_000_000 },
      );
      renameSync(unfinished, pathOf(name));
    }
  },
};
