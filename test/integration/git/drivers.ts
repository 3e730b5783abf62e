import { hasBubblewrap, type Opened, openWorkspace } from '../sandbox/drivers.ts';
import { openRemoteWorkspace } from '../sandbox-remote/world.ts';

export const DRIVERS = hasBubblewrap
  ? (['bubblewrap', 'host', 'remote'] as const)
  : (['host', 'remote'] as const);
export type Driver = (typeof DRIVERS)[number];

export type OpenedDirectory = Pick<Opened, 'workspace' | 'directory' | 'close'>;

/** An empty workspace wherever the driver has it. */
export function openOn(driver: Driver): Promise<OpenedDirectory> {
  return driver === 'remote' ? openRemoteWorkspace() : openWorkspace({ driver });
}

/** Whether commands there see the workspace at its own place on the host. */
export function runsOnHost(driver: Driver): boolean {
  return driver === 'host' || !hasBubblewrap;
}
