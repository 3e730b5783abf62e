import { z } from 'zod';

/** Kinds of objects that belong to a user: a foreign id is answered as one that does not exist. */
export const OWNED_KINDS = ['project', 'session', 'tool_call', 'permission_request', 'turn'] as const;
/** What a request may name besides: everybody's, or a part of an owned object. */
export const OTHER_KINDS = ['provider', 'workspace_file', 'changed_file'] as const;
export type ObjectKind = (typeof OWNED_KINDS)[number] | (typeof OTHER_KINDS)[number];

/** The key under which a field's JSON schema says what the field names. Every path parameter has one. */
export const OBJECT_KEY = 'x-object';

const names = (kind: ObjectKind, description: string) => ({ [OBJECT_KEY]: kind, description });

export const ProjectId = z.string().meta(names('project', 'id of a project'));
export const SessionId = z.string().meta(names('session', 'id of a session'));
export const ToolCallId = z.string().meta(names('tool_call', 'id of a tool call'));
export const PermissionRequestId = z.string().meta(names('permission_request', 'id of a permission request'));
export const TurnId = z.string().meta(names('turn', 'id of a turn'));
export const ProviderId = z.string().meta(names('provider', 'id of a provider'));
export const WorkspaceFile = z.string().meta(names('workspace_file', 'path of a file in the workspace'));
export const ChangedFile = z.string().meta(names('changed_file', 'path of a file that the session changed'));
