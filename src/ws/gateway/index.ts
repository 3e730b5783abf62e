export { createGateway, type Gateway } from './server/gateway.ts';
export type { GatewayLimits } from './server/limits.ts';
export { mountGateway } from './server/mount.ts';
