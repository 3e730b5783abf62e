export * from './memory-bus.ts';
export * from './memory-event-log.ts';
