export * from './permission.ts';
export * from './ports.ts';
export * from './wire.ts';
