import type { Repositories } from '#domain/context.ts';
import type { Message } from '#domain/message/index.ts';
import type { PermissionRequest } from '#domain/permission/index.ts';
import type { Project } from '#domain/project/index.ts';
import type { Session } from '#domain/session/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import type { Turn } from '#domain/turn/index.ts';
import type { User } from '#domain/user/index.ts';
import { newId } from '#shared/ids.ts';

export const NOW = 1_800_000_000_000;

export function newUser(
  changes: Partial<User> = {},
): User & { passwordHash: string | null; usernameKey: string } {
  const id = newId();
  return {
    id,
    username: `user-${id}`,
    email: `${id}@example.org`,
    avatarUrl: null,
    role: 'member',
    disabledAt: null,
    tokensValidAfter: 0,
    createdAt: NOW,
    updatedAt: NOW,
    passwordHash: '$scrypt$x',
    usernameKey: id,
    ...changes,
  };
}

export function newProject(userId: string, changes: Partial<Project> = {}): Project {
  return {
    id: newId(),
    userId,
    name: 'a project',
    description: '',
    externalIp: null,
    frontendPort: 3000,
    backendPort: null,
    frontendLanguage: null,
    backendLanguage: 'go',
    frontendCommand: null,
    backendCommand: null,
    needDatabase: false,
    subdomain: null,
    workspacePath: '/workspace',
    workspaceRoot: null,
    createdAt: NOW,
    updatedAt: NOW,
    deletingSince: null,
    ...changes,
  };
}

export function newSession(project: Project, changes: Partial<Session> = {}): Session {
  return {
    id: newId(),
    projectId: project.id,
    userId: project.userId,
    parentSessionId: null,
    title: 'a session',
    messageCount: 0,
    storedChars: 0,
    promptTokens: 0,
    completionTokens: 0,
    cost: 0,
    contextWindow: 0,
    summaryMessageId: null,
    todos: [],
    createdAt: NOW,
    updatedAt: NOW,
    deletingSince: null,
    ...changes,
  };
}

export function newTurn(session: Session, changes: Partial<Turn> = {}): Omit<Turn, 'number'> {
  return {
    id: newId(),
    sessionId: session.id,
    userId: session.userId,
    status: 'queued',
    attempt: 0,
    cancelRequested: false,
    messageId: newId(),
    idempotencyKey: null,
    kind: 'prompt',
    promptDigest: 'digest',
    error: null,
    errorCode: null,
    createdAt: NOW,
    startedAt: null,
    finishedAt: null,
    ...changes,
  };
}

export function newMessage(sessionId: string, changes: Partial<Message> = {}): Message {
  return {
    id: newId(),
    sessionId,
    turnNumber: 1,
    index: 0,
    role: 'assistant',
    parts: [{ type: 'text', text: 'hello' }],
    model: 'm',
    provider: 'p',
    isSummary: false,
    finishedAt: NOW,
    appliedCursor: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
}

export function newToolCall(turn: Pick<Turn, 'id' | 'sessionId'>, changes: Partial<ToolCall> = {}): ToolCall {
  return {
    id: newId(),
    sessionId: turn.sessionId,
    messageId: null,
    turnId: turn.id,
    providerCallId: 'call_0',
    name: 'bash',
    input: '{}',
    status: 'pending',
    result: null,
    isError: false,
    errorMessage: null,
    createdAt: NOW,
    updatedAt: NOW,
    startedAt: null,
    finishedAt: null,
    ...changes,
  };
}

export function newPermissionRequest(
  call: ToolCall,
  changes: Partial<PermissionRequest> = {},
): PermissionRequest {
  return {
    id: newId(),
    sessionId: call.sessionId,
    turnId: call.turnId,
    toolCallId: call.id,
    toolName: 'bash',
    action: 'execute',
    description: 'run ls',
    path: '/workspace',
    params: { command: 'ls' },
    fingerprint: 'f',
    status: 'pending',
    decidedBy: null,
    decidedAt: null,
    expiresAt: null,
    scopes: [''],
    createdAt: NOW,
    ...changes,
  };
}

/** A user with one project and one session, stored. */
export async function seedSession(
  repositories: Repositories,
): Promise<{ user: User; project: Project; session: Session }> {
  const user = newUser();
  const project = newProject(user.id);
  const session = newSession(project);
  await repositories.users.insert(user);
  await repositories.projects.insert(project);
  await repositories.sessions.insert(session);
  return { user, project, session };
}

export async function seedTurn(repositories: Repositories, session: Session): Promise<Turn> {
  return (await repositories.turns.enqueue(newTurn(session))).turn;
}
