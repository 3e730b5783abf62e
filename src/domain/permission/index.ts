export * from './answer-permission.ts';
export * from './expire-permissions.ts';
export * from './permission.ts';
export * from './ports.ts';
export * from './settle-permission.ts';
export * from './wire.ts';
