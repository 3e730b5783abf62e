import { checkFrontend, type Frontends } from '#domain/frontend/index.ts';
import type { WorkspaceProvider } from '#domain/workspace/index.ts';
import { createFrontendRegistry } from '#http/frontend/registry.ts';
import type { CloseStack } from '../../close-stack.ts';
import type { Platform } from '../platform/platform.ts';

export interface FrontendsDeps {
  platform: Platform;
  workspaces: WorkspaceProvider;
  stack: CloseStack;
}

/** Start commands of projects, kept running beside the previews that show them. */
export function openFrontends({ platform, workspaces, stack }: FrontendsDeps): Frontends {
  const { config, contexts, bus, clock, log } = platform;
  const system = contexts({ actor: { kind: 'system' }, requestId: 'frontends' });
  const frontends = createFrontendRegistry({
    workspaces,
    check: (request) => checkFrontend(system, request),
    bus,
    limits: { perUser: config.limits.user_frontends },
    clock,
    log,
  });
  stack.push('frontends', () => frontends.close());
  return frontends;
}
