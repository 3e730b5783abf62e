export * from './language-model.ts';
export * from './provider.ts';
