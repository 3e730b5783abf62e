export { createActivity } from './activity.ts';
export { createSandboxApp } from './app.ts';
export { mountChannel } from './channel/mount.ts';
export { createTokenCheck } from './token.ts';
