export * from './create-session.ts';
export * from './get-owned-session.ts';
export * from './list-project-sessions.ts';
export * from './model-config.ts';
export * from './ports.ts';
export * from './session.ts';
export * from './session-config.ts';
export * from './wire.ts';
