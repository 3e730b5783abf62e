export * from './apply-delta.ts';
export * from './client-frames.ts';
export * from './server-frames.ts';
