export * from './compare-texts.ts';
export * from './history.ts';
export * from './limits.ts';
export * from './ports.ts';
export * from './read-history.ts';
