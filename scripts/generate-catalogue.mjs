// Writes the catalogue of providers and models that is shipped.
// Source: the catalogue of the npm package @earendil-works/pi-ai (MIT), which follows the providers closely.
// Usage: node scripts/generate-catalogue.mjs [VERSION]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGE = '@earendil-works/pi-ai';
const TARGET = new URL('../src/infra/llm/catalogue/catalogue.snapshot.json', import.meta.url);
/** Enough for long answers; models that could write more are not asked to by default. */
const MAX_DEFAULT_TOKENS = 32_000;

/** `first` is the default model of the provider, `small` the one for titles and fetches. */
const PROVIDERS = [
  {
    id: 'anthropic',
    name: 'Anthropic',
    type: 'anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    first: 'claude-sonnet-5-5',
    small: 'claude-haiku-5-5',
  },
  {
    id: 'openai',
    name: 'OpenAI',
    type: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    first: 'gpt-6.1-sol',
    small: 'gpt-6-luna',
  },
  // Google's models answer chat completions under this address.
  {
    id: 'google',
    name: 'Google Gemini',
    type: 'openai-compat',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    first: 'gemini-pro-latest',
    small: 'gemini-flash-lite-latest',
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    type: 'openrouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    first: 'anthropic/claude-sonnet-5.5',
    small: 'anthropic/claude-haiku-5.5',
  },
  {
    id: 'deepseek',
    name: 'DeepSeek',
    type: 'openai-compat',
    baseUrl: 'https://api.deepseek.com/v1',
    first: 'deepseek-v4-pro',
    small: 'deepseek-flash',
  },
  {
    id: 'groq',
    name: 'Groq',
    type: 'openai-compat',
    baseUrl: 'https://api.groq.com/openai/v1',
    first: 'openai/gpt-oss-120b',
    small: 'openai/gpt-oss-20b',
  },
  {
    id: 'mistral',
    name: 'Mistral',
    type: 'openai-compat',
    baseUrl: 'https://api.mistral.ai/v1',
    first: 'devstral-latest',
    small: 'mistral-small-latest',
  },
  {
    id: 'xai',
    name: 'xAI',
    type: 'openai-compat',
    baseUrl: 'https://api.x.ai/v1',
    first: 'grok-4.7',
    small: 'grok-4.3',
  },
  {
    id: 'zai',
    name: 'Z.ai',
    type: 'openai-compat',
    baseUrl: 'https://api.z.ai/api/coding/paas/v4',
    first: 'glm-5.3',
    small: 'glm-5.3-flash',
  },
  {
    id: 'moonshotai',
    name: 'Moonshot AI',
    type: 'openai-compat',
    baseUrl: 'https://api.moonshot.ai/v1',
    first: 'kimi-k3.1-pro',
    small: 'kimi-k2.6',
  },
  {
    id: 'minimax',
    name: 'MiniMax',
    type: 'anthropic',
    baseUrl: 'https://api.minimax.io/anthropic/v1',
    first: 'MiniMax-M3',
    small: 'MiniMax-M3.1-Flash',
  },
  {
    id: 'cerebras',
    name: 'Cerebras',
    type: 'openai-compat',
    baseUrl: 'https://api.cerebras.ai/v1',
    first: 'gpt-oss-120b',
    small: 'gpt-oss-120b',
  },
  {
    id: 'together',
    name: 'Together AI',
    type: 'openai-compat',
    baseUrl: 'https://api.together.ai/v1',
    first: 'zai-org/GLM-5.3',
    small: 'zai-org/GLM-5.3-Flash',
  },
  {
    id: 'huggingface',
    name: 'Hugging Face',
    type: 'openai-compat',
    baseUrl: 'https://router.huggingface.co/v1',
    first: null,
    small: null,
  },
];

/** Batch prices, moving aliases of one gateway, and models that do not chat. */
const LEFT_OUT = /:batch$|^~|^auto$|deep-research|computer-use|robotics|voxtral|safeguard/;

function toModel(source) {
  const { cost, contextWindow, maxTokens } = source;
  const limit = contextWindow > 0 ? Math.floor(contextWindow / 2) : MAX_DEFAULT_TOKENS;
  const model = {
    id: source.id,
    name: source.name,
    contextWindow,
    defaultMaxTokens: Math.max(1, Math.min(maxTokens || MAX_DEFAULT_TOKENS, MAX_DEFAULT_TOKENS, limit)),
    priceIn: price(cost.input),
    priceOut: price(cost.output),
    priceCacheRead: price(cost.cacheRead),
    priceCacheWrite: price(cost.cacheWrite),
    canReason: source.reasoning === true,
    supportsImages: source.input.includes('image'),
  };
  // Zero and false are the defaults of the schema.
  return Object.fromEntries(Object.entries(model).filter(([, value]) => value !== 0 && value !== false));
}

/** A gateway marks a price that varies with a negative number. */
function price(value) {
  return value > 0 ? Number(value.toFixed(6)) : 0;
}

function toProvider({ first, small, ...provider }, groups) {
  const models = Object.values(groups)
    .flatMap((models) => Object.values(models))
    .filter(({ type, id }) => type === 'chat' && !LEFT_OUT.test(id))
    .map(toModel)
    .sort((a, b) => rank(a, first) - rank(b, first) || b.id.localeCompare(a.id, 'en', { numeric: true }));
  for (const id of [first, small]) {
    if (id && !models.some((model) => model.id === id)) throw new Error(`${provider.id} has no model ${id}`);
  }
  return { ...provider, smallModelId: small, models };
}

function rank(model, first) {
  return model.id === first ? 0 : 1;
}

/** One model a line, so that a refresh is a readable difference. */
function print(providers) {
  const blocks = providers.map(({ models, ...provider }) => {
    const lines = models.map((model) => `      ${JSON.stringify(model)}`).join(',\n');
    return `  {\n    ${JSON.stringify(provider).slice(1, -1)},\n    "models": [\n${lines}\n    ]\n  }`;
  });
  return `[\n${blocks.join(',\n')}\n]\n`;
}

const directory = mkdtempSync(join(tmpdir(), 'crush-catalogue-'));
try {
  const version = process.argv[2] ?? 'latest';
  const packed = execFileSync('npm', [
    'pack',
    '--silent',
    '--pack-destination',
    directory,
    `${PACKAGE}@${version}`,
  ]);
  execFileSync('tar', ['-xzf', join(directory, packed.toString().trim()), '-C', directory]);
  const data = join(directory, 'package', 'dist', 'providers', 'data');
  const providers = PROVIDERS.map((provider) =>
    toProvider(provider, JSON.parse(readFileSync(join(data, `${provider.id}.json`), 'utf8'))),
  );
  writeFileSync(TARGET, print(providers));
  const count = providers.reduce((sum, { models }) => sum + models.length, 0);
  console.log(`${providers.length} providers, ${count} models`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
