export {
  createRemoteWorkspaceProvider,
  type HostReport,
  type RemoteWorkspaceProvider,
  type RemoteWorkspaceProviderDeps,
} from './provider.ts';
