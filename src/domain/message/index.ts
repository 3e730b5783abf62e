export * from './list-messages.ts';
export * from './message.ts';
export * from './ports.ts';
export * from './wire.ts';
