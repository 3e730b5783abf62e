export { type Coordinator, createCoordinator } from './coordinator.ts';
export type { AgentDeps, AgentSettings, LoadImage, ResolveModel } from './ports.ts';
