import { parseInput } from '#domain/parse-input.ts';
import { type Endpoint, JSON_BODY_LIMIT } from '#domain/protocol/http/endpoint.ts';
import { readJsonBody } from './json-body.ts';

/** Where the parts of a request come from. */
export interface RequestSource {
  raw: Request;
  param(name: string): string | undefined;
  query(name: string): string | undefined;
  header(name: string): string | undefined;
}

interface RequestParts {
  params: unknown;
  query: unknown;
  headers: unknown;
  body: unknown;
}

/** Holds a request against what its endpoint declares, the body last. Throws `invalid_input` naming the field. */
export async function readRequest(endpoint: Endpoint, source: RequestSource): Promise<RequestParts> {
  const { params, query, headers, body, bodyLimit = JSON_BODY_LIMIT } = endpoint;
  const parts: RequestParts = { params: undefined, query: undefined, headers: undefined, body: undefined };
  if (params)
    parts.params = parseInput(
      params,
      pick(params.shape, (name) => source.param(name) ?? ''),
    );
  if (query)
    parts.query = parseInput(
      query,
      pick(query.shape, (name) => source.query(name) || undefined),
    );
  if (body) {
    parts.body = parseInput(body, await readJsonBody(source.raw, source.header('content-length'), bodyLimit));
  }
  if (headers) {
    parts.headers = parseInput(
      headers,
      pick(headers.shape, (name) => source.header(name.toLowerCase())),
    );
  }
  return parts;
}

function pick(shape: object, read: (name: string) => string | undefined): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(shape).map((name) => [name, read(name)]));
}
