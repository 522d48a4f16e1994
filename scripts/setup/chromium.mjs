// A browser for the tests of the live page: the one in PATH, or Debian's package where we are root.
import { needProgram, run, which } from './house.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export const chromium = {
  name: 'chromium',
  what: "installing Debian's Chromium",
  help: 'install chromium with your package manager (Debian: apt-get install chromium)',
  optional: true,
  after: ['prometheus'],
  isDone: () => names.some(which),
  async run() {
    if (process.getuid() !== 0) throw new Error('no Chromium in PATH, and not root to install it');
    needProgram('apt-get');
    const install = () =>
      run('chromium', 'apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    try {
      await install();
    } catch {
      await run('chromium', 'apt-get', ['update']);
      await install();
    }
  },
};
