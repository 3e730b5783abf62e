export * from './history.ts';
export * from './ports.ts';
