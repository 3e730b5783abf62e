import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createUser, setPassword } from '#domain/user/index.ts';
import { randomToken } from '#shared/ids.ts';
import type { Platform } from '../platform/platform.ts';

export const LOCAL_ADMIN_FILE = 'local-admin.json';

const LocalAdmin = z.looseObject({ email: z.string(), password: z.string() });

const USERNAME = 'admin';
const EMAIL = 'admin@crush.local';
const PASSWORD_BITS = 192;

export interface LocalAdminFile {
  path: string;
  email: string;
  /** Leaves the server's addresses for the terminal client. */
  announce(urls: { server: string; ws: string }): void;
}

/**
 * The first administrator of an embedded installation. Its generated password is kept in the data directory
 * (0600), where the terminal client on this machine finds it together with the server's addresses.
 */
export async function ensureLocalAdmin({ config, contexts, hasher }: Platform): Promise<LocalAdminFile> {
  const path = join(config.data_dir, LOCAL_ADMIN_FILE);
  const ctx = contexts({ actor: { kind: 'system' }, requestId: 'local-admin' });
  const known = readLocalAdmin(path);
  const email = known?.email ?? EMAIL;
  const user = await ctx.repositories.users.getByEmail(email);
  const password = (user && known?.password) || randomToken(PASSWORD_BITS);
  if (!user) await createUser({ hasher }, ctx, { username: USERNAME, email, password, role: 'admin' });
  else if (password !== known?.password) await setPassword({ hasher }, ctx, { userId: user.id, password });
  const write = (content: object) => {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, path);
  };
  write({ ...known, email, password });
  return { path, email, announce: (urls) => write({ ...urls, email, password }) };
}

function readLocalAdmin(path: string): z.infer<typeof LocalAdmin> | null {
  try {
    return LocalAdmin.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
