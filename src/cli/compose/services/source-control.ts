import { lookup } from 'node:dns';
import type { Config } from '#config/load.ts';
import type { SourceControl } from '#domain/workspace/index.ts';
import { createSourceControl } from '#infra/git/index.ts';
import { createAddressGuard } from '#infra/net/address-guard.ts';
import { isPublicAddress } from '#infra/net/public-address.ts';
import { VERSION } from '#shared/version.ts';
import type { CloseStack } from '../../close-stack.ts';

const MEBIBYTE = 1024 * 1024;

export function openSourceControl(config: Config, stack: CloseStack): SourceControl {
  const sourceControl = createSourceControl({
    guard: createAddressGuard({ resolve: lookup, isPublicAddress }),
    allowPrivate: config.tools.fetch.allow_private,
    // Some servers answer git only to what calls itself git.
    userAgent: `git/2.40.0 (crush/${VERSION})`,
    maxCloneBytes: config.sandbox.limits.workspace_mb * MEBIBYTE,
  });
  stack.push('source control', () => sourceControl.close());
  return sourceControl;
}
