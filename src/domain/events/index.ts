export * from './bus.ts';
export * from './client-frames.ts';
export * from './emit.ts';
export * from './event-log.ts';
export * from './outbox.ts';
export * from './publisher.ts';
export * from './server-frames.ts';
