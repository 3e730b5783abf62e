import { z } from 'zod';

/** JSON Schema, draft 2020-12. */
export type JsonSchema = Record<string, unknown>;

/** Gathers the schemas that have a name of their own. */
export interface SchemaCollector {
  /** The schema as what is sent; a named one becomes a reference. */
  add(schema: z.ZodType): JsonSchema;
  readonly named: Readonly<Record<string, JsonSchema>>;
}

export function createSchemaCollector(prefix = '#/components/schemas/'): SchemaCollector {
  const named: Record<string, JsonSchema> = {};
  return {
    named,
    add(schema) {
      // A named schema becomes a reference only where it is a part of another one.
      const { properties, $defs = {} } = z.toJSONSchema(z.object({ schema }), {
        io: 'input',
        override: ({ jsonSchema }) => dropSafeIntegerBounds(jsonSchema),
      });
      for (const [name, definition] of Object.entries($defs)) {
        named[name] = withReferences(definition, prefix) as JsonSchema;
      }
      return withReferences(properties?.schema, prefix) as JsonSchema;
    },
  };
}

/** Every number of JSON has them; they say nothing about the field. */
function dropSafeIntegerBounds(schema: JsonSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

function withReferences(value: unknown, prefix: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withReferences(item, prefix));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'id' || typeof value[key as keyof typeof value] !== 'string')
      .map(([key, inner]) =>
        key === '$ref' && typeof inner === 'string'
          ? [key, inner.replace('#/$defs/', prefix)]
          : [key, withReferences(inner, prefix)],
      ),
  );
}
