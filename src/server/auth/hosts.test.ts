import { expect, test } from 'vitest';
import { meansUs } from './hosts.ts';

const local = { listen: { host: '127.0.0.1', port: 9797 }, allowedHosts: [] };
const open = { listen: { host: '0.0.0.0', port: 9797 }, allowedHosts: [] };
const named = { ...local, allowedHosts: ['Seastate.example', 'other:8080'] };

test.each([
  ['127.0.0.1:9797', local, true],
  ['127.9.9.9', local, true],
  ['[::1]:9797', local, true],
  ['::1', local, true],
  ['localhost:9797', local, true],
  ['LOCALHOST.:9797', local, true],
  ['seastate.localhost', local, true],
  ['10.1.2.3:9797', local, true],
  [undefined, local, true],
  ['rebound.example:9797', local, false],
  ['rebound.example', local, false],
  ['127.0.0.1.rebound.example', local, false],
  ['localhost.rebound.example', local, false],
  ['notlocalhost', local, false],
  ['', local, false],
  ['seastate.example', local, false],
  ['seastate.example:9797', named, true],
  ['other', named, true],
  ['seastate.example.rebound.example', named, false],
  ['anything', { ...local, allowedHosts: ['*'] }, true],
  ['box.lan:9797', { listen: { host: 'box.lan', port: 1 }, allowedHosts: [] }, true],
  ['seastate.monitoring.svc:9797', open, true],
  ['seastate.monitoring.svc:9797', { ...open, allowedHosts: ['seastate.example'] }, false],
])('Host %s of %j means us: %s', (host, rule, expected) => {
  expect(meansUs(host, rule)).toBe(expected);
});
