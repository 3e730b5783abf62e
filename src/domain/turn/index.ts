export * from './cancel-session.ts';
export * from './close-history.ts';
export * from './finish-turn.ts';
export * from './ports.ts';
export * from './queue.ts';
export * from './session-status.ts';
export * from './submit-prompt.ts';
export * from './turn.ts';
