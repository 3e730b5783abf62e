export * from './message.ts';
export * from './ports.ts';
export * from './wire.ts';
