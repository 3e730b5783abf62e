export * from './create-project.ts';
export * from './delete-project.ts';
export * from './get-owned-project.ts';
export * from './list-projects.ts';
export * from './ports.ts';
export * from './project.ts';
export * from './update-project.ts';
export * from './wire.ts';
