export * from './history.ts';
export * from './ports.ts';
export * from './read-history.ts';
