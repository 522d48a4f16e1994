// The live page, built from web/ into web/dist.
import { existsSync } from 'node:fs';
import { contentHash, inRoot, isStamped, run, stamp } from './house.mjs';

const product = inRoot('web/dist/index.html');
const sources = ['web', 'package-lock.json'];

export const webPage = {
  name: 'web page',
  what: 'building web/dist',
  help: 'see the log; `npm run build:web` builds it alone',
  product,
  sources,
  after: ['npm packages', 'node'],
  isDone: () =>
    !existsSync(inRoot('web/index.html')) ||
    (existsSync(product) && isStamped('web', contentHash(sources))),
  async run() {
    const hash = contentHash(sources);
    await run('web', inRoot('node_modules/.bin/node'), [
      inRoot('node_modules/vite/bin/vite.js'),
      'build',
      'web',
    ]);
    stamp('web', hash);
  },
};
