export * from './ports.ts';
export * from './user.ts';
