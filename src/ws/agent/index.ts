export { type Coordinator, createCoordinator } from './coordinator.ts';
export type { AgentSettings, ResolveModel } from './ports.ts';
