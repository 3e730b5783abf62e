import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/infra/postgres/schema/index.ts',
  out: './drizzle',
});
