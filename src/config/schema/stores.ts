import { z } from 'zod';
import { Flag, notAvailable, Port, wholeNumber } from './fields.ts';

export const DatabaseSection = z.strictObject({
  url: z
    .string()
    .default('')
    .describe('postgres://user:password@host/database, or DATABASE_URL; or the next five'),
  host: z.string().default('').describe('name or address of the PostgreSQL server'),
  port: Port.default(5432).describe('its port'),
  user: z.string().default('').describe('who logs in'),
  password: z.string().default('').describe('its password'),
  database: z.string().default('').describe('name of the database'),
  sslmode: z
    .enum(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'])
    .default('disable')
    .describe('encryption of the connection'),
  max_open_conns: wholeNumber(1, 1000).default(25).describe('connections of one process at most'),
});

export const RedisSection = z.strictObject({
  url: z.string().default('').describe('redis://host:6379 or rediss://…, or REDIS_URL; or the next four'),
  host: z.string().default('').describe('name or address of the Redis server'),
  port: Port.default(6379).describe('its port'),
  password: z.string().default('').describe('its password, also for a url without one'),
  db: wholeNumber(0, 65_535).default(0).describe('number of the database'),
  stream_max_len: wholeNumber(64, 1_000_000)
    .default(4096)
    .describe('events kept per session for clients that come back'),
  stream_max_mb: wholeNumber(1, 1024).default(8).describe('megabytes of events kept per session'),
  stream_ttl: wholeNumber(60, 31_536_000).default(3600).describe('seconds for which they are kept'),
});

export const StorageSection = z.strictObject({
  type: notAvailable(z.enum(['fs', 'minio', 's3']).default('fs')).describe('where uploads are kept'),
  endpoint: notAvailable(z.string().default('')).describe('address of the object store'),
  region: notAvailable(z.string().default('us-east-1')).describe('its region'),
  access_key: notAvailable(z.string().default('')).describe('key id'),
  secret_key: notAvailable(z.string().default('')).describe('secret of the key'),
  bucket: notAvailable(z.string().default('crush-images')).describe('name of the bucket'),
  use_ssl: notAvailable(Flag.default(false)).describe('https to the endpoint'),
  public_endpoint: notAvailable(z.string().default('')).describe('address that browsers use'),
});
