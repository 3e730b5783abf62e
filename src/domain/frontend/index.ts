export * from './check-frontend.ts';
export * from './get-frontend.ts';
export * from './ports.ts';
export * from './start-frontend.ts';
export * from './stop-frontend.ts';
