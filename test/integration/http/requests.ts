import { OBJECT_KEY, type ObjectKind, OTHER_KINDS, OWNED_KINDS } from '#domain/protocol/http/common/ids.ts';
import type { Endpoint } from '#domain/protocol/http/endpoint.ts';
import { createSchemaCollector, type JsonSchema } from '#http/openapi/schemas.ts';

/** What the fields of requests are filled with; a new kind of object needs its own here. */
export type Objects = Record<ObjectKind, string>;

export interface Field {
  place: 'params' | 'query' | 'body';
  name: string;
  schema: JsonSchema;
  required: boolean;
  kind?: ObjectKind;
}

const PLACES = ['params', 'query', 'body'] as const;

/** Every declared field of a request; of a body also what is inside of its objects, with dots. */
export function fieldsOf(endpoint: Endpoint): Field[] {
  return PLACES.flatMap((place) => {
    const declared = endpoint[place];
    return declared ? propertiesOf(resolved(declared)).map((field) => ({ place, ...field })) : [];
  });
}

/** With references followed; nothing here refers to itself. */
function resolved(schema: NonNullable<Endpoint['body']>): JsonSchema {
  const collector = createSchemaCollector();
  const root = collector.add(schema);
  const follow = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(follow);
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in value) return follow(collector.named[String(value.$ref).split('/').at(-1) ?? '']);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, follow(inner)]));
  };
  return follow(root) as JsonSchema;
}

function propertiesOf(schema: JsonSchema): Array<Omit<Field, 'place'>> {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).flatMap(([name, property]) => {
    const kind = property[OBJECT_KEY] as ObjectKind | undefined;
    const field = { name, schema: property, required: required.includes(name), kind };
    const inner = branchesOf(property).flatMap(propertiesOf);
    return [field, ...inner.map((part) => ({ ...part, name: `${name}.${part.name}`, required: false }))];
  });
}

function branchesOf(schema: JsonSchema): JsonSchema[] {
  return (schema.anyOf ?? schema.oneOf ?? [schema]) as JsonSchema[];
}

/** A value that the schema lets through. */
export function sample(schema: JsonSchema, objects: Objects): unknown {
  const kind = schema[OBJECT_KEY] as ObjectKind | undefined;
  if (kind !== undefined) return objects[kind];
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum.at(-1);
  const [branch] = branchesOf(schema);
  if (branch !== undefined && branch !== schema) return sample(branch, objects);
  const [type] = [schema.type].flat();
  if (type === 'string') return sampleText(schema);
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return false;
  if (type === 'array') return [sample(schema.items as JsonSchema, objects)];
  if (type === 'object') return sampleObject(schema, objects);
  throw new Error(`give an example of ${JSON.stringify(schema)}`);
}

function sampleText({ minLength, pattern }: JsonSchema): string {
  const text = 'x'.repeat(Math.max(1, Number(minLength ?? 0)));
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(text)) {
    throw new Error(`give an example of ${pattern}`);
  }
  return text;
}

function sampleObject(schema: JsonSchema, objects: Objects): Record<string, unknown> {
  const fields = propertiesOf(schema).filter(({ name, required }) => required && !name.includes('.'));
  return Object.fromEntries(fields.map((field) => [field.name, sample(field.schema, objects)]));
}

/** The body with every required field; undefined where none is taken. */
export function bodyOf(endpoint: Endpoint, objects: Objects): Record<string, unknown> | undefined {
  return endpoint.body ? (sample(resolved(endpoint.body), objects) as Record<string, unknown>) : undefined;
}

export interface Asked {
  method: string;
  path: string;
  body?: Record<string, unknown>;
}

/** Values stand in the path and in the query as they are. `named` is the one optional field that is filled. */
export function requestOf(endpoint: Endpoint, objects: Objects, named?: Field): Asked {
  const values = objects as Readonly<Record<string, string>>;
  const fields = fieldsOf(endpoint);
  const value = ({ kind }: Field) => values[kind ?? ''] ?? '';
  const path = endpoint.path.replace(/:(\w+)(?:\{[^}]*\})?/g, (_, name: string) => {
    const field = fields.find((candidate) => candidate.place === 'params' && candidate.name === name);
    return field ? value(field) : '';
  });
  const query = fields
    .filter(({ place, kind, required }) => place === 'query' && kind !== undefined && required)
    .concat(named ? [named] : [])
    .concat(fields.filter(({ place, kind }) => place === 'query' && isPart(kind)))
    .map((field) => `${field.name}=${value(field)}`);
  return {
    method: endpoint.method,
    path: query.length > 0 ? `${path}?${query.join('&')}` : path,
    body: bodyOf(endpoint, objects),
  };
}

/** Named inside of an owned object, and therefore always filled. */
function isPart(kind: ObjectKind | undefined): boolean {
  return OTHER_KINDS.some((known) => known === kind);
}

export function isOwned(field: Field): boolean {
  return OWNED_KINDS.some((known) => known === field.kind);
}

/** Path parameters of which the table does not say what they name. */
export function unexplained(endpoints: readonly Endpoint[]): string[] {
  return endpoints.flatMap((endpoint) => {
    const names = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
    const fields = fieldsOf(endpoint).filter(({ place, kind }) => place === 'params' && kind !== undefined);
    return names
      .filter((name) => !fields.some((field) => field.name === name))
      .map((name) => `${endpoint.method} ${endpoint.path}: ${name}`);
  });
}
