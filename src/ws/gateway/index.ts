export { createGateway, type Gateway } from './gateway.ts';
export type { GatewayLimits } from './limits.ts';
export { mountGateway } from './upgrade.ts';
