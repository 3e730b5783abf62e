import type { Repositories } from '#domain/context.ts';
import type { RepositoryDeps } from '../engine/executor.ts';
import { createFileReadRepository } from './conversation/file-read-repository.ts';
import { createFileVersionRepository } from './conversation/file-version-repository.ts';
import { createMessageRepository } from './conversation/message-repository.ts';
import { createOutboxRepository } from './conversation/outbox-repository.ts';
import { createPermissionRepository } from './conversation/permission-repository.ts';
import { createToolCallRepository } from './conversation/tool-call-repository.ts';
import { createPlacementRepository } from './sessions/placement-repository.ts';
import { createProjectRepository } from './sessions/project-repository.ts';
import { createSessionConfigRepository } from './sessions/session-config-repository.ts';
import { createSessionRepository } from './sessions/session-repository.ts';
import { createStepRepository } from './turns/step-repository.ts';
import { createTurnRepository } from './turns/turn-repository.ts';
import { createCredentialRepository } from './users/credential-repository.ts';
import { createLoginSessionRepository } from './users/login-session-repository.ts';
import { createUsageRepository } from './users/usage-repository.ts';
import { createUserRepository } from './users/user-repository.ts';

/** Runs one repository call: waits for its turn, translates errors, refuses when it comes too late. */
export type Around = <T>(call: () => Promise<T>) => Promise<T>;

const FACTORIES: { [Name in keyof Repositories]: (deps: RepositoryDeps) => Repositories[Name] } = {
  users: createUserRepository,
  logins: createLoginSessionRepository,
  projects: createProjectRepository,
  placements: createPlacementRepository,
  sessions: createSessionRepository,
  sessionConfigs: createSessionConfigRepository,
  messages: createMessageRepository,
  toolCalls: createToolCallRepository,
  permissions: createPermissionRepository,
  fileVersions: createFileVersionRepository,
  fileReads: createFileReadRepository,
  credentials: createCredentialRepository,
  turns: createTurnRepository,
  steps: createStepRepository,
  usage: createUsageRepository,
  outbox: createOutboxRepository,
};
const NAMES = Object.keys(FACTORIES) as ReadonlyArray<keyof Repositories>;

/** They keep what they have compiled, so an executor should keep its repositories. */
export function createRepositories(deps: RepositoryDeps): Repositories {
  return madeWhenUsed((name) => FACTORIES[name](deps));
}

/** The same repositories with something around each call. */
export function guardRepositories(repositories: Repositories, around: Around): Repositories {
  return madeWhenUsed((name) => guardMethods(repositories[name], around));
}

/** A transaction needs few of them. */
function madeWhenUsed(create: (name: keyof Repositories) => object): Repositories {
  const made = {};
  for (const name of NAMES) {
    Object.defineProperty(made, name, {
      configurable: true,
      enumerable: true,
      get() {
        const value = create(name);
        Object.defineProperty(made, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return made as Repositories;
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** All members of a repository are methods that return promises. */
function guardMethods<T extends object>(repository: T, around: Around): T {
  const guarded = Object.entries(repository as Record<string, Method>).map(
    ([name, method]): [string, Method] => [name, (...args) => around(() => method(...args))],
  );
  return Object.fromEntries(guarded) as T;
}
