import { z } from 'zod';
import { wholeNumber } from './fields.ts';

/** An origin whose subdomains are previews. */
const BaseUrl = z.string().refine((value) => {
  if (value === '') return true;
  return URL.canParse(value) && new URL(value).origin === value;
}, 'must be an origin such as https://preview.example.com');

export const PreviewSection = z.strictObject({
  base_url: BaseUrl.default('').describe(
    'origin below which each preview has a host of its own, by a wildcard in DNS and certificate; empty: http://preview.localhost:http_port where the server listens on loopback, else sandboxed paths on the server itself',
  ),
  user_connections: wholeNumber(1, 10_000)
    .default(200)
    .describe('requests and sockets of one user to previews at once, per process'),
});
