export { createGateway } from './gateway.ts';
export { mountGateway } from './upgrade.ts';
