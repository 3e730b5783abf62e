export { createCatalogue } from './catalogue/catalogue.ts';
export { type ClosableLanguageModel, createLanguageModel, type LanguageModelDeps } from './language-model.ts';
