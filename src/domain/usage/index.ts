export * from './day.ts';
export * from './ports.ts';
