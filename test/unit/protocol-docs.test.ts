import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ENDPOINTS } from '#domain/protocol/http/endpoints.ts';
import { protocolMarkdown } from '../../scripts/protocol-markdown.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/protocol.md');

test('docs/protocol.md is what the schemas say (npm run docs:protocol)', () => {
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(protocolMarkdown());
});

test('the document has every endpoint, every frame and no dead link', () => {
  const text = protocolMarkdown();
  for (const { method } of ENDPOINTS) expect(text).toContain(`#### \`${method} `);
  expect(text.match(/^#### `(GET|POST|PUT|DELETE) /gm)).toHaveLength(ENDPOINTS.length);
  for (const type of ['permission_response', 'stream_delta', 'reconnection_status', 'pong']) {
    expect(text).toContain(`#### \`${type}\``);
  }
  const headings = new Set([...text.matchAll(/^### (\w+)$/gm)].map(([, name]) => name?.toLowerCase()));
  const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target);
  expect(links.filter((target) => !headings.has(target))).toEqual([]);
});
