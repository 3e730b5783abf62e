import { CLOSE_CODES } from '../src/domain/protocol/close-codes.ts';
import { ErrorBody } from '../src/domain/protocol/errors.ts';
import { type Endpoint, pathTemplate } from '../src/domain/protocol/http/endpoint.ts';
import { API } from '../src/domain/protocol/http/endpoints.ts';
import { ClientFrame, SessionFrame, SocketFrame } from '../src/domain/protocol/index.ts';
import { STATUS_OF_CODE } from '../src/http/kit/errors.ts';
import { createSchemaCollector, type JsonSchema, type SchemaCollector } from '../src/http/openapi/schemas.ts';

const INTRODUCTION = `# Protocol

Written by \`npm run docs:protocol\` from the schemas in \`src/domain/protocol\`; the same as OpenAPI 3.1 is at \`GET /openapi.json\`.

JSON in, JSON out. Times are Unix milliseconds, ids are UUIDs. \`Authorization: Bearer <token>\` where a token is needed. A foreign object is answered as one that does not exist. Absent keys stand for null. Every answer carries \`X-Request-Id\`; a refusal is an [Error](#error).

Besides what is named below: any request 429 \`too_many_requests\`, 500 \`internal\`, 503 \`unavailable\` or \`draining\`; with a token 401 \`unauthenticated\` or \`token_expired\`; with parameters or a body 400 \`invalid_input\`, which names the field; a change 403 \`origin_not_allowed\` or 415 \`unsupported_media_type\`; a body 413 \`payload_too_large\`.
`;

const SOCKET = `## WebSocket

\`GET /ws?session_id=<id>\` with the token as \`Authorization: Bearer\`, as subprotocol \`bearer.<token>\` or as \`?token=\`. A refusal before the upgrade is an [Error](#error) with its status. Frames of a session carry \`_streamId\`, an opaque cursor; \`reconnect\` with the last one resumes exactly after it, and anything else is answered by a snapshot.
`;

/** The whole of docs/protocol.md. */
export function protocolMarkdown(): string {
  const schemas = createSchemaCollector('#');
  const endpoints = Object.entries(API).flatMap(([tag, group]) => [
    `### ${tag}\n`,
    ...Object.values<Endpoint>(group).map((endpoint) => endpointSection(endpoint, schemas.add)),
  ]);
  schemas.add(ClientFrame);
  schemas.add(ErrorBody);
  const frames = [
    '### Client to server\n',
    ...frameSections('type', schemas.named.ClientFrame, schemas),
    '### Server to client, of a session\n',
    ...frameSections('Type', schemas.add(SessionFrame), schemas),
    '### Server to client, of a socket\n',
    ...frameSections('Type', schemas.add(SocketFrame), schemas),
    closeCodes(),
  ];
  const objects = Object.entries(schemas.named)
    .filter(([name]) => !/Frame$/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `### ${name}\n\n${describe(schema)}`);
  return [INTRODUCTION, '## HTTP\n', ...endpoints, SOCKET, ...frames, '## Objects\n', ...objects].join('\n');
}

interface Frame {
  description?: string;
  properties?: Record<string, JsonSchema>;
}

function endpointSection(endpoint: Endpoint, add: SchemaCollector['add']): string {
  const { method, access, summary, params, query, headers, body } = endpoint;
  const lines = [`#### \`${method} ${pathTemplate(endpoint)}\`\n`, summary];
  if (access === 'public') lines[1] += ' Needs no token.';
  for (const [title, schema] of Object.entries({ Path: params, Query: query, Headers: headers })) {
    if (schema) lines.push('', fieldTable(add(schema), title));
  }
  if (body) lines.push('', `Body: ${typeOf(add(body))}`);
  const replies = Object.entries(endpoint.replies).map(
    ([status, reply]) => `${status} ${'bytes' in reply ? reply.bytes : typeOf(add(reply))}`,
  );
  const own = (endpoint.errors ?? []).map((code) => `${STATUS_OF_CODE[code]} \`${code}\``);
  lines.push('', `Answers: ${replies.join(', ')}${own.length > 0 ? `; ${own.join(', ')}` : ''}`);
  lines.push('');
  return lines.join('\n');
}

function branchesOf(schema: JsonSchema): JsonSchema[] {
  return (schema.oneOf ?? schema.anyOf ?? []) as JsonSchema[];
}

function frameSections(
  discriminator: string,
  union: JsonSchema = {},
  { named }: Pick<SchemaCollector, 'named'>,
): string[] {
  return branchesOf(union).map((branch) => {
    const frame = typeof branch.$ref === 'string' ? named[branch.$ref.slice(1)] : branch;
    const { description, properties = {} } = frame as Frame;
    const title = `#### \`${properties[discriminator]?.const}\``;
    return `${title}\n\n${description}\n\n${fieldTable(frame ?? {}, 'Field', discriminator)}\n`;
  });
}

function closeCodes(): string {
  const rows = Object.values(CLOSE_CODES).map(
    ({ code, after, meaning }) => `| ${code} | ${after} | ${meaning} |`,
  );
  return [
    '### Close codes\n',
    'retry: back off and resume; fix: renew what is wrong, then resume; terminal: give up.\n',
    '| code | then | because |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function describe(schema: JsonSchema): string {
  const text = schema.description ? `${schema.description}\n\n` : '';
  if (schema.properties) return `${text}${fieldTable(schema, 'Field')}\n`;
  return `${text}${typeOf(schema)}\n`;
}

function fieldTable(schema: JsonSchema, title: string, leftOut?: string): string {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const fields = Object.entries(properties).filter(([name]) => name !== leftOut);
  if (fields.length === 0) return 'No fields.';
  const rows = fields.map(([name, field]) => {
    const mark = required.includes(name) ? '' : '?';
    return `| \`${name}\`${mark} | ${typeOf(field)} | ${[field.description ?? '', limits(field)].filter(Boolean).join('; ')} |`;
  });
  return [`| ${title} | type | |`, '|---|---|---|', ...rows].join('\n');
}

function limits(field: JsonSchema): string {
  const named = {
    minLength: 'length from',
    maxLength: 'length to',
    minimum: 'from',
    maximum: 'to',
    maxItems: 'at most',
  };
  return Object.entries(named)
    .filter(([key]) => field[key] !== undefined)
    .map(([key, words]) => `${words} ${field[key]}`)
    .join(', ');
}

function typeOf(schema: JsonSchema): string {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.slice(1);
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (Array.isArray(schema.enum))
    return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  const branches = branchesOf(schema);
  if (branches.length > 0) return branches.map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items as JsonSchema)}`;
  if (schema.properties) return inlineObject(schema);
  if (schema.additionalProperties) return `map to ${typeOf(schema.additionalProperties as JsonSchema)}`;
  return Array.isArray(schema.type) ? schema.type.join(' or ') : String(schema.type ?? 'any');
}

function inlineObject({ properties, required = [] }: JsonSchema): string {
  const fields = Object.entries(properties as Record<string, JsonSchema>).map(
    ([name, field]) => `${name}${(required as string[]).includes(name) ? '' : '?'}: ${typeOf(field)}`,
  );
  return `{ ${fields.join(', ')} }`;
}
