import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WorkspaceError } from '#domain/workspace/index.ts';

/** A connection to this host's own loopback, where commands run without a network of their own. */
export async function dialHost(port: number): Promise<Socket> {
  const socket = connect({ host: 'localhost', port, autoSelectFamily: true });
  try {
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    throw new WorkspaceError('not_found', `Nothing answers on port ${port} of the project.`, { cause });
  }
}
