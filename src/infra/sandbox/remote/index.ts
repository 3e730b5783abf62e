export { createRemoteWorkspaceProvider, type RemoteWorkspaceProvider } from './provider.ts';
