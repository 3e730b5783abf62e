import { describe, test } from 'vitest';
import { hasBubblewrap, type OpenOptions, openWorkspace } from './drivers.ts';
import { describeWorkspaceContract } from './workspace-contract.ts';

const DRIVERS: [string, OpenOptions][] = [
  ['bubblewrap', {}],
  ['bubblewrap in a listed root', { listedRoot: true }],
  ['host', { driver: 'host' }],
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
