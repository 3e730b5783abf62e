export { createGateway, type Gateway, type GatewayDeps } from './gateway.ts';
export { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';
export { type GatewayMountDeps, mountGateway } from './upgrade.ts';
