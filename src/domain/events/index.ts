export * from './bus.ts';
export * from './emit.ts';
export * from './event-log.ts';
export * from './outbox.ts';
export * from './publisher.ts';
