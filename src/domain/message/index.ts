export * from './list-messages.ts';
export * from './message.ts';
export * from './new-message.ts';
export * from './ports.ts';
export * from './streamed-text.ts';
export * from './wire.ts';
