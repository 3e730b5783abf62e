import { join } from 'node:path';
import { configError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import { isLoopback, keptSecret, MIN_SECRET_BYTES } from './secrets.ts';

/**
 * What callers of sandbox servers show. As long as both sides are on this machine, and share a data directory, it is
 * made and kept there; beyond loopback it has to be configured. Throws `FatalError`.
 */
export function openSandboxToken(config: Config, hostNames: readonly string[]): string {
  const { token } = config.sandbox;
  if (token !== '') {
    if (Buffer.byteLength(token) >= MIN_SECRET_BYTES) return token;
    throw configError(`sandbox.token must have at least ${MIN_SECRET_BYTES} bytes`);
  }
  const beyond = hostNames.find((name) => !isLoopback(name));
  if (beyond === undefined) return keptSecret(join(config.data_dir, 'sandbox_token'));
  throw configError(
    `sandbox.token is not set, and ${beyond} is beyond loopback: set sandbox.token or sandbox.token_file to ${MIN_SECRET_BYTES} or more random bytes`,
  );
}
