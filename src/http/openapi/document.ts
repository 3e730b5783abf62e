import type { z } from 'zod';
import { ErrorBody } from '#domain/protocol/errors.ts';
import { type Endpoint, errorCodesOf, pathTemplate } from '#domain/protocol/http/endpoint.ts';
import { ClientFrame, ServerFrame } from '#domain/protocol/index.ts';
import { STATUS_OF_CODE } from '../kit/errors.ts';
import { createSchemaCollector, type JsonSchema, type SchemaCollector } from './schemas.ts';

export type Api = Readonly<Record<string, Readonly<Record<string, Endpoint>>>>;

/** OpenAPI 3.1 of the endpoints; frames of the socket are among the schemas. */
export function createOpenApiDocument(api: Api, version: string): JsonSchema {
  const schemas = createSchemaCollector();
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const [tag, group] of Object.entries(api)) {
    for (const [name, endpoint] of Object.entries(group)) {
      const path = pathTemplate(endpoint);
      paths[path] ??= {};
      paths[path][endpoint.method.toLowerCase()] = operation(endpoint, { tag, name }, schemas);
    }
  }
  schemas.add(ServerFrame);
  schemas.add(ClientFrame);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Crush',
      version,
      description: 'Times are Unix milliseconds. Every answer carries X-Request-Id.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: Object.keys(api).map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas.named).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function operation(
  endpoint: Endpoint,
  { tag, name }: { tag: string; name: string },
  schemas: SchemaCollector,
): JsonSchema {
  const { summary, access, params, query, headers, body } = endpoint;
  const parameters = [
    ...parametersOf('path', params, schemas),
    ...parametersOf('query', query, schemas),
    ...parametersOf('header', headers, schemas),
  ];
  return {
    operationId: name,
    tags: [tag],
    summary,
    security: access === 'user' ? [{ token: [] }] : [],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: json(schemas.add(body)) } }),
    responses: { ...successes(endpoint, schemas), ...refusals(endpoint, schemas) },
  };
}

function parametersOf(
  place: 'path' | 'query' | 'header',
  fields: z.ZodObject | undefined,
  schemas: SchemaCollector,
): JsonSchema[] {
  if (!fields) return [];
  const { properties = {}, required = [] } = schemas.add(fields) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }));
}

function successes(endpoint: Endpoint, schemas: SchemaCollector): Record<string, JsonSchema> {
  const headers = Object.fromEntries(
    Object.entries(endpoint.replyHeaders ?? {}).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' } },
    ]),
  );
  return Object.fromEntries(
    Object.entries(endpoint.replies).map(([status, reply]) => [
      status,
      {
        ...(endpoint.replyHeaders && { headers }),
        ...('bytes' in reply
          ? { description: reply.bytes, content: { [reply.type ?? '*/*']: {} } }
          : { description: 'Success', content: json(schemas.add(reply)) }),
      },
    ]),
  );
}

/** One for each status, with the codes that come with it. */
function refusals(endpoint: Endpoint, schemas: SchemaCollector): Record<string, JsonSchema> {
  const byStatus = new Map<number, string[]>();
  for (const code of errorCodesOf(endpoint)) {
    const status = STATUS_OF_CODE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const schema = schemas.add(endpoint.errorBody ?? ErrorBody);
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in endpoint.replies))
      .map(([status, codes]) => [status, { description: codes.join(', '), content: json(schema) }]),
  );
}

function json(schema: JsonSchema): JsonSchema {
  return { 'application/json': { schema } };
}
