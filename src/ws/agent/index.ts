export { type Coordinator, createCoordinator } from './coordinator/coordinator.ts';
export type { AgentSettings, ResolveModel } from './ports.ts';
