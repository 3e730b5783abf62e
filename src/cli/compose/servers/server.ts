import type { Config } from '#config/load.ts';
import type { Log } from '#shared/log.ts';
import type { CloseStack } from '../../close-stack.ts';

export interface ServerDeps {
  config: Config;
  log: Log;
  stack: CloseStack;
}

/** One of the services that the executable can be. */
export interface Server {
  /** Also the `service` of its log lines. */
  name: string;
  profilePort: number;
  /** Throws `FatalError` for a configuration that it cannot serve, before anything is opened. */
  check(config: Config): void;
  /** Resolves once it listens; what it opens is on the stack. */
  start(deps: ServerDeps): Promise<void>;
}
