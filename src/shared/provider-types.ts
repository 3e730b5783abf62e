/** The protocols of model providers that a configuration may name. */
export const PROVIDER_TYPES = [
  'openai',
  'anthropic',
  'google',
  'openai-compat',
  'openrouter',
  'azure',
  'bedrock',
  'vertex',
] as const;
