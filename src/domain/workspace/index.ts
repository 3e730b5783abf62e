export * from './channel-wire.ts';
export * from './host-wire.ts';
export * from './placement.ts';
export * from './workspace.ts';
