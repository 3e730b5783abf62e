export * from './get-auto-model.ts';
export * from './language-model.ts';
export * from './list-providers.ts';
export * from './provider.ts';
export * from './resolve-model.ts';
export * from './secret-contexts.ts';
export * from './tenant-base-url.ts';
export * from './wire.ts';
