import { hasBubblewrap } from '../sandbox/drivers.ts';
import { describeWorkspaceContract } from '../sandbox/workspace-contract.ts';
import { openRemoteWorkspace } from './world.ts';

describeWorkspaceContract('a sandbox server on the host driver', () =>
  openRemoteWorkspace({ driver: 'host' }),
);
if (hasBubblewrap) {
  describeWorkspaceContract('a sandbox server with bubblewrap, in a listed root', () =>
    openRemoteWorkspace({ listedRoot: true }),
  );
}
