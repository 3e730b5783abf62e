import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ProviderInfo } from '#domain/provider/index.ts';
import { type Log, silentLog } from '#shared/log.ts';
import { createCatalogue } from './catalogue.ts';
import { parseProviderFile } from './provider-file.ts';
import { shippedProviders } from './shipped.ts';

const MODEL = {
  id: 'local-1',
  name: 'Local',
  contextWindow: 8_000,
  defaultMaxTokens: 1_000,
  priceIn: 0,
  priceOut: 0,
  priceCacheRead: 0,
  priceCacheWrite: 0,
  canReason: false,
  supportsImages: false,
};

const LOCAL: ProviderInfo = {
  id: 'local',
  name: 'Local',
  type: 'openai-compat',
  baseUrl: 'http://10.0.0.5:11434/v1',
  apiKey: null,
  trusted: true,
  smallModelId: null,
  models: [MODEL],
};

describe('shippedProviders', () => {
  test('every provider of the snapshot fits the schema and has unique ids', () => {
    const providers = z.array(ProviderInfo).parse(shippedProviders());
    expect(new Set(providers.map(({ id }) => id)).size).toBe(providers.length);
    for (const { id, models, smallModelId, baseUrl } of providers) {
      expect(models.length, id).toBeGreaterThan(0);
      expect(new Set(models.map((model) => model.id)).size, id).toBe(models.length);
      if (smallModelId) expect(models.map((model) => model.id)).toContain(smallModelId);
      if (id !== 'demo') expect(baseUrl).toMatch(/^https:\/\//);
    }
  });

  test('knows windows, limits and prices of the large providers', () => {
    const providers = shippedProviders();
    for (const id of [
      'openai',
      'anthropic',
      'google',
      'openrouter',
      'deepseek',
      'groq',
      'mistral',
      'xai',
      'zai',
    ]) {
      const first = providers.find((provider) => provider.id === id)?.models[0];
      expect(first?.contextWindow, id).toBeGreaterThan(30_000);
      expect(first?.defaultMaxTokens, id).toBeGreaterThan(1_000);
      expect(first?.priceOut, id).toBeGreaterThan(0);
    }
  });
});

describe('createCatalogue', () => {
  test('finds providers and models, and answers null for unknown ones', () => {
    const catalogue = createCatalogue({ custom: [LOCAL], log: silentLog });
    expect(catalogue.provider('demo')?.type).toBe('demo');
    expect(catalogue.model('demo', 'demo-1')?.contextWindow).toBeGreaterThan(0);
    expect(catalogue.model('local', 'local-1')).toEqual(MODEL);
    expect(catalogue.provider('nobody')).toBeNull();
    expect(catalogue.model('nobody', 'x')).toBeNull();
    expect(catalogue.model('demo', 'x')).toBeNull();
    expect(catalogue.provider('__proto__')).toBeNull();
  });

  test('puts the providers of the operator first', () => {
    expect(createCatalogue({ custom: [LOCAL], log: silentLog }).list()[0]?.id).toBe('local');
  });

  test('adds a key and models of the operator to a known provider', () => {
    const custom = {
      ...LOCAL,
      id: 'openai',
      type: 'openai' as const,
      baseUrl: null,
      trusted: true,
      apiKey: 'sk-1',
    };
    const provider = createCatalogue({ custom: [custom], log: silentLog }).provider('openai');
    expect(provider).toMatchObject({ apiKey: 'sk-1', baseUrl: 'https://api.openai.com/v1', trusted: false });
    expect(provider?.models[0]?.id).toBe('local-1');
    expect(provider?.models.length).toBeGreaterThan(5);
  });
});

describe('a refreshed list', () => {
  let directory = '';
  let path = '';
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => warnings.push(message) };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'crush-catalogue-'));
    path = join(directory, 'providers.json');
    warnings.length = 0;
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  test('may be missing', () => {
    expect(createCatalogue({ custom: [], overridePath: path, log }).provider('openai')).not.toBeNull();
    expect(warnings).toEqual([]);
  });

  test('is left out with a warning when it is broken', () => {
    writeFileSync(path, '{"openai":');
    expect(createCatalogue({ custom: [], overridePath: path, log }).provider('openai')).not.toBeNull();
    expect(warnings).toHaveLength(1);
  });

  test('brings models, but neither keys, nor trust, nor another address for a known provider', () => {
    const evil = { ...LOCAL, id: 'openai', baseUrl: 'https://evil.example/v1', apiKey: 'k', trusted: true };
    writeFileSync(path, JSON.stringify([evil, { ...evil, id: 'fresh' }]));
    const catalogue = createCatalogue({ custom: [], overridePath: path, log });
    expect(catalogue.model('openai', 'local-1')).toEqual(MODEL);
    expect(catalogue.provider('openai')).toMatchObject({
      type: 'openai',
      baseUrl: 'https://api.openai.com/v1',
      apiKey: null,
      trusted: false,
    });
    expect(catalogue.provider('fresh')).toMatchObject({ apiKey: null, trusted: false });
  });

  test('reads the format of models.dev for known providers', () => {
    const model = {
      id: 'gpt-99',
      name: 'GPT 99',
      reasoning: true,
      tool_call: true,
      modalities: { input: ['text', 'image'] },
      cost: { input: 1, output: 2, cache_read: 0.1 },
      limit: { context: 1_000_000, output: 100_000 },
    };
    const file = {
      openai: { models: { 'gpt-99': model, embed: { id: 'e', name: 'E', tool_call: false } } },
      odd: { models: {} },
    };
    const [openai, ...others] = parseProviderFile(JSON.stringify(file), shippedProviders());
    expect(others).toEqual([]);
    expect(openai?.models).toEqual([
      {
        id: 'gpt-99',
        name: 'GPT 99',
        contextWindow: 1_000_000,
        defaultMaxTokens: 32_000,
        priceIn: 1,
        priceOut: 2,
        priceCacheRead: 0.1,
        priceCacheWrite: 0,
        canReason: true,
        supportsImages: true,
      },
    ]);
  });
});
