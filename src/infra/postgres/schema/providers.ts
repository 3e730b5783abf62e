import { boolean, integer, pgTable, primaryKey } from 'drizzle-orm/pg-core';
import { checkLength, id, moment, text } from './columns.ts';
import { users } from './users.ts';

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
