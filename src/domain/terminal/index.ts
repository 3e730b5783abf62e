export * from './get-terminal.ts';
export * from './open-terminal.ts';
export * from './ports.ts';
export * from './terminal.ts';
