import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, primaryKey, uniqueIndex } from 'drizzle-orm/pg-core';
import { UserRole } from '#domain/user/index.ts';
import { checkLength, checkOneOf, id, moment, text } from './columns.ts';

export const users = pgTable(
  'users',
  {
    id: id().primaryKey(),
    username: text('username').notNull(),
    /** Null only in rows of versions before this column. */
    usernameKey: text('username_key'),
    email: text('email').notNull(),
    passwordHash: text('password_hash'),
    avatarUrl: text('avatar_url'),
    role: text('role').$type<UserRole>().notNull(),
    disabledAt: moment('disabled_at'),
    tokensValidAfter: moment('tokens_valid_after').notNull(),
    createdAt: moment('created_at').notNull(),
    updatedAt: moment('updated_at').notNull(),
  },
  (table) => [
    uniqueIndex('users_username_unique').on(sql`lower(${table.username})`),
    uniqueIndex('users_username_key_unique').on(table.usernameKey),
    uniqueIndex('users_email_unique').on(sql`lower(${table.email})`),
    checkOneOf('users_role_check', table.role, UserRole.options),
    checkLength('users_username_length', table.username, 256, 1),
    checkLength('users_email_length', table.email, 320, 1),
  ],
);

export const loginSessions = pgTable(
  'login_sessions',
  {
    id: id().primaryKey(),
    userId: id('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    device: text('device'),
    createdAt: moment('created_at').notNull(),
    lastUsedAt: moment('last_used_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    revokedAt: moment('revoked_at'),
  },
  (table) => [index('login_sessions_user_index').on(table.userId)],
);

export const providerCredentials = pgTable(
  'provider_credentials',
  {
    userId: id('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    provider: text('provider').notNull(),
    apiKeySealed: text('api_key_sealed').notNull(),
    apiKeyHint: text('api_key_hint').notNull(),
    baseUrl: text('base_url'),
    maxTokens: integer('max_tokens'),
    reasoningEffort: text('reasoning_effort'),
    isDefault: boolean('is_default').notNull(),
    model: text('model'),
    updatedAt: moment('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'provider_credentials_pkey', columns: [table.userId, table.provider] }),
    checkLength('provider_credentials_provider_length', table.provider, 128, 1),
  ],
);
