export { type ClosableLanguageModel, createLanguageModel, type LanguageModelDeps } from './language-model.ts';
