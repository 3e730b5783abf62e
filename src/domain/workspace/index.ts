export * from './channel-wire.ts';
export * from './placement.ts';
export * from './workspace.ts';
