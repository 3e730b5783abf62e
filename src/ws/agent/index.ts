export { type Coordinator, createCoordinator } from './coordinator/coordinator.ts';
export { COORDINATOR_INTERVALS } from './coordinator/intervals.ts';
export type { AgentSettings, JobRegistry, ResolveModel } from './ports.ts';
export { createJobRegistry } from './tools/shell/jobs.ts';
