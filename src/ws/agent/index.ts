export { type Coordinator, createCoordinator } from './coordinator/coordinator.ts';
export { COORDINATOR_INTERVALS } from './coordinator/intervals.ts';
export type { AgentSettings, ResolveModel } from './ports.ts';
