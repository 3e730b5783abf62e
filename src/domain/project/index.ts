export * from './get-owned-project.ts';
export * from './ports.ts';
export * from './project.ts';
