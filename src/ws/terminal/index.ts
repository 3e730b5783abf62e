export type { TerminalLimits } from './limits.ts';
export { createTerminalRegistry, type TerminalRegistry } from './registry.ts';
