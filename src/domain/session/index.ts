export * from './get-owned-session.ts';
export * from './ports.ts';
export * from './session.ts';
export * from './wire.ts';
