export * from './ports.ts';
export * from './tool-call.ts';
export * from './wire.ts';
