import { z } from 'zod';
import { notAvailable } from './fields.ts';

const GitHub = z.strictObject({
  client_id: notAvailable(z.string().default('')).describe('of the OAuth application'),
  client_secret: notAvailable(z.string().default('')).describe('its secret'),
  redirect_uri: notAvailable(z.string().default('')).describe('where GitHub sends the browser back to'),
  base_url: notAvailable(z.url().default('https://github.com')).describe('of GitHub Enterprise'),
  api_url: notAvailable(z.url().default('https://api.github.com')).describe('its API'),
  frontend_url: notAvailable(z.string().default('')).describe('where the browser goes after the login'),
});

export const AuthSection = z.strictObject({
  jwt_secret: z
    .string()
    .default('')
    .describe('signs logins, 32 bytes or more; made and kept in data_dir by serve and on loopback'),
  master_key: z
    .string()
    .default('')
    .describe('encrypts stored provider keys, another 32 bytes or more; made and kept likewise'),
  token_expire_hour: z.number().positive().max(720).default(24).describe('hours until a token ends'),
  registration: z
    .enum(['open', 'closed'])
    .optional()
    .describe(
      'whether people may create accounts; the first user is the administrator; left out: open, which has to be chosen beyond loopback',
    ),
  github: GitHub.prefault({}).describe('login with GitHub'),
});
