import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { API, ENDPOINTS } from '#domain/protocol/http/endpoints.ts';
import { createOpenApiDocument } from '#http/openapi/document.ts';

const document = createOpenApiDocument(API, '0.0.0');

test('is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('names every endpoint once, and every reference leads somewhere', () => {
  const operations = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>)
    .flatMap((path) => Object.values(path))
    .map(({ operationId }) => operationId);
  expect(operations).toHaveLength(ENDPOINTS.length);
  expect(new Set(operations).size).toBe(operations.length);
  const text = JSON.stringify(document);
  const { schemas } = document.components as { schemas: object };
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
  expect(references).toContain('#/components/schemas/Session');
  for (const target of references) {
    expect(Object.keys(schemas)).toContain(target?.replace('#/components/schemas/', ''));
  }
});

test('is refused by its validator when an endpoint is broken', async () => {
  const broken = { ...API.projects.getProject, params: z.object({}), replies: {}, summary: 7 as never };
  const result = await new Validator().validate(createOpenApiDocument({ broken: { broken } }, '0.0.0'));
  expect(result.valid).toBe(false);
});

test('is what it was', async () => {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('./openapi.snapshot.json');
});
