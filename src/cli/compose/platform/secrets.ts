import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { configError, EXIT, FatalError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import { fileProblem } from '#shared/file-problem.ts';
import { makeDataDirectory } from './data-directory.ts';

export const MIN_SECRET_BYTES = 32;

export interface Secrets {
  jwtSecret: string;
  masterKey: string;
}

/**
 * The configured secrets, or generated ones that stay in the data directory (0600) as long as the server
 * listens on loopback only or is embedded. Throws `FatalError` for a missing, short or doubled secret.
 */
export function openSecrets(config: Config, options: { embedded: boolean }): Secrets {
  const generate = options.embedded || isLoopback(config.server.host);
  const secrets = {
    jwtSecret: secretFor('jwt_secret', config, generate),
    masterKey: secretFor('master_key', config, generate),
  };
  if (secrets.jwtSecret === secrets.masterKey) {
    throw configError('auth.jwt_secret and auth.master_key must not be the same value');
  }
  return secrets;
}

function secretFor(key: 'jwt_secret' | 'master_key', config: Config, generate: boolean): string {
  const configured = config.auth[key];
  if (configured !== '') {
    if (Buffer.byteLength(configured) >= MIN_SECRET_BYTES) return configured;
    throw configError(`auth.${key} must have at least ${MIN_SECRET_BYTES} bytes`);
  }
  if (generate) return keptSecret(join(config.data_dir, key));
  throw configError(
    `auth.${key} is not set, and the server listens beyond loopback (server.host ${config.server.host}): set auth.${key} or auth.${key}_file to ${MIN_SECRET_BYTES} or more random bytes`,
  );
}

/** Made at first use, then read. Two processes that start at once agree on one value: the first link wins. */
export function keptSecret(path: string): string {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  makeDataDirectory(dirname(path));
  try {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {
      writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' });
    }
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    unlinkSync(draft);
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new FatalError(`cannot keep a secret in ${path}: ${fileProblem(error)}`, EXIT.failure, {
      cause: error,
    });
  }
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}
