import type { IncomingMessage } from 'node:http';
import type { Config } from '#config/load.ts';
import { checkPreview, type OpenPreviewDeps } from '#domain/preview/index.ts';
import type { WorkspaceProvider } from '#domain/workspace/index.ts';
import { createClientAddress } from '#http/kit/client-address.ts';
import type { Front } from '#http/kit/front.ts';
import { createPreviewAccess } from '#http/preview/access.ts';
import { createPreviewFront } from '#http/preview/front.ts';
import { createOwnOriginLayout, createPathLayout, type PreviewLayout } from '#http/preview/layout.ts';
import type { CloseStack } from '../../close-stack.ts';
import type { Platform } from '../platform/platform.ts';
import { isLoopback } from '../platform/secrets.ts';

export interface PreviewsDeps {
  platform: Platform;
  workspaces: WorkspaceProvider;
  /** Where the API listens, once it does. */
  port: () => number;
  stack: CloseStack;
}

/** What the API tells of previews, and what serves them on its port. */
export function openPreviews({
  platform,
  workspaces,
  port,
  stack,
}: PreviewsDeps): OpenPreviewDeps & { front: Front } {
  const { config, contexts, bus, clock, log, previewSigner: signer } = platform;
  const layout = layoutOf(config, port);
  const system = contexts({ actor: { kind: 'system' }, requestId: 'previews' });
  const access = createPreviewAccess({
    check: (grant) => checkPreview(system, grant),
    bus,
    maxPerUser: config.preview.user_connections,
    clock,
  });
  stack.push('previews', () => access.close());
  const addressOf = createClientAddress(config.server.trusted_proxies);
  const front = createPreviewFront({
    layout,
    signer,
    access,
    workspaces,
    addressOf: (request: IncomingMessage) =>
      addressOf(request.socket.remoteAddress, request.headers['x-forwarded-for']?.toString()),
    clock,
    log,
  });
  return { previewSigner: signer, previewAddresses: layout, front };
}

/** Browsers take `*.localhost` for this machine without asking DNS. */
function layoutOf({ preview, server }: Config, port: () => number): PreviewLayout {
  if (preview.base_url !== '') {
    const base = new URL(preview.base_url);
    return createOwnOriginLayout(() => base);
  }
  const isLocal = isLoopback(server.host) && server.public_url === '';
  return isLocal
    ? createOwnOriginLayout(() => new URL(`http://preview.localhost:${port()}`))
    : createPathLayout();
}
