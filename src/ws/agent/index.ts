export { type Coordinator, createCoordinator } from './coordinator.ts';
export type { AgentSettings } from './ports.ts';
