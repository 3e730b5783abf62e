export * from './connections.ts';
export * from './redis-bus.ts';
export * from './redis-event-log.ts';
