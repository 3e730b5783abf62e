export * from './list-tool-calls.ts';
export * from './ports.ts';
export * from './tool-call.ts';
export * from './wire.ts';
