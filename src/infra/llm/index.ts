export { type CatalogueDeps, createCatalogue } from './catalogue/catalogue.ts';
export { parseProviderFile } from './catalogue/provider-file.ts';
export { shippedProviders } from './catalogue/shipped.ts';
export { type ClosableLanguageModel, createLanguageModel, type LanguageModelDeps } from './language-model.ts';
