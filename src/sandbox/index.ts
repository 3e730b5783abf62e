export { createActivity } from './activity.ts';
export { createSandboxApp } from './app.ts';
export { mountChannel } from './channel/mount.ts';
export type { SandboxDeps } from './deps.ts';
export { createTokenCheck } from './token.ts';
