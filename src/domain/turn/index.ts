export * from './ports.ts';
export * from './turn.ts';
