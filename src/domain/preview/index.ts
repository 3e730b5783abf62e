export * from './check-preview.ts';
export * from './open-preview.ts';
export * from './preview.ts';
