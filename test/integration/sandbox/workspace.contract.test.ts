import { describe, test } from 'vitest';
import { hasBubblewrap, type OpenOptions, openWorkspace } from './drivers.ts';
import { describeWorkspaceContract } from './workspace-contract.ts';

const DRIVERS: [string, OpenOptions][] = [
  ['bubblewrap', {}],
  ['bubblewrap in a listed root, own search', { listedRoot: true, searchEngine: 'builtin' }],
  ['host', { driver: 'host' }],
  ['host, own search', { driver: 'host', searchEngine: 'builtin' }],
];

for (const [name, options] of DRIVERS) {
  if (options.driver === 'host' || hasBubblewrap) {
    describeWorkspaceContract(name, () => openWorkspace(options));
  } else {
    describe.skip(`a workspace by ${name}`, () => {
      test('bubblewrap is not installed', () => {});
    });
  }
}
