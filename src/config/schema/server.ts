import { z } from 'zod';
import { Flag, OptionalUrl, Origin, Port } from './fields.ts';

export const ServerSection = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('address to listen on; beyond loopback secrets are needed'),
  http_port: Port.default(8080).describe('of the HTTP API; 0: any free one'),
  ws_port: Port.default(8081).describe('of the WebSocket service'),
  sandbox_port: Port.default(8888).describe('of crush sandbox-server'),
  public_url: OptionalUrl.default('').describe('what browsers use; empty: http://host:http_port'),
  cors_origins: z
    .array(Origin)
    .default([])
    .describe("exact origins that browsers may call from; public_url's own is always allowed"),
  trusted_proxies: z
    .array(z.string())
    .default([])
    .describe('addresses or networks of proxies whose X-Forwarded-* headers count'),
  check_replies: Flag.default(false).describe('for development: hold every answer against its schema'),
});
