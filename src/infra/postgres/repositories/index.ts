import type { Repositories } from '#domain/context.ts';
import type { OutboxEvent } from '#domain/events/index.ts';
import { lazy, type RepositoryDeps } from '../engine/executor.ts';
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
import { createUserRepository } from './users/user-repository.ts';

/** Runs one repository call: waits for its turn, translates errors, refuses when it comes too late. */
export type Around = <T>(call: () => Promise<T>) => Promise<T>;

/** Each repository is made when it is first used: a transaction needs few of them. */
export function createRepositories(
  deps: RepositoryDeps,
  around: Around,
  collect?: (event: OutboxEvent) => void,
): Repositories {
  const made = <T extends object>(create: (deps: RepositoryDeps) => T) =>
    lazy(() => wrapMethods(create(deps), around));
  const users = made(createUserRepository);
  const logins = made(createLoginSessionRepository);
  const projects = made(createProjectRepository);
  const placements = made(createPlacementRepository);
  const sessions = made(createSessionRepository);
  const sessionConfigs = made(createSessionConfigRepository);
  const messages = made(createMessageRepository);
  const toolCalls = made(createToolCallRepository);
  const permissions = made(createPermissionRepository);
  const fileVersions = made(createFileVersionRepository);
  const fileReads = made(createFileReadRepository);
  const credentials = made(createCredentialRepository);
  const turns = made(createTurnRepository);
  const steps = made(createStepRepository);
  const outbox = made((given) => createOutboxRepository(given, collect));
  return {
    get users() {
      return users();
    },
    get logins() {
      return logins();
    },
    get projects() {
      return projects();
    },
    get placements() {
      return placements();
    },
    get sessions() {
      return sessions();
    },
    get sessionConfigs() {
      return sessionConfigs();
    },
    get messages() {
      return messages();
    },
    get toolCalls() {
      return toolCalls();
    },
    get permissions() {
      return permissions();
    },
    get fileVersions() {
      return fileVersions();
    },
    get fileReads() {
      return fileReads();
    },
    get credentials() {
      return credentials();
    },
    get turns() {
      return turns();
    },
    get steps() {
      return steps();
    },
    get outbox() {
      return outbox();
    },
  };
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** All members of a repository are methods that return promises. */
function wrapMethods<T extends object>(repository: T, around: Around): T {
  const wrapped = Object.entries(repository as Record<string, Method>).map(
    ([name, method]): [string, Method] => [name, (...args) => around(() => method(...args))],
  );
  return Object.fromEntries(wrapped) as T;
}
