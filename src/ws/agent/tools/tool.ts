import { z } from 'zod';
import type { AnyContext } from '#domain/create-context.ts';
import type { PermissionAsk } from '#domain/permission/index.ts';
import type { ToolDeclaration } from '#domain/provider/index.ts';
import type { Session } from '#domain/session/index.ts';
import type { StepEffect } from '#domain/turn/index.ts';
import type { ToolScope } from '../ports.ts';
import { parseArguments } from './arguments.ts';

export interface ToolResult {
  content: string;
  isError?: boolean;
  /** For user interfaces; never sent to the model. */
  metadata?: Record<string, unknown>;
  image?: { mediaType: string; data: Uint8Array };
  /** The session's todo list from now on; `commit` stores it. */
  todos?: Session['todos'];
  /** Ends the turn after this step. */
  stopTurn?: boolean;
  /** Further writes for the transaction that stores this result. */
  commit?: (tx: AnyContext) => Promise<void>;
  /** Of those writes, what the session's size grows by. */
  storedChars?: number;
}

export interface ToolAsk extends PermissionAsk {
  /** What an answer for the session covers. Null: neither grants nor the operator's allowed tools answer this one. */
  session: SessionScope | null;
}

export interface SessionScope {
  scopes: readonly string[];
  /** For whoever is asked. */
  covers: string;
}

/** What a call is going to do. Nothing has happened yet. */
export interface ToolPlan {
  effect: StepEffect;
  /** Absent: nobody needs to be asked. */
  ask?: ToolAsk;
  /** Kept with the step, so that an interrupted `idempotent` call can be compared and finished. */
  journal?: string;
  run(control: RunControl): Promise<ToolResult>;
}

export interface RunControl {
  signal: AbortSignal;
  /** The end of what the call has put out so far. May be called often. */
  progress(tail: string): void;
}

export type Prepared = { kind: 'result'; result: ToolResult } | { kind: 'plan'; plan: ToolPlan };

/** One tool. Neither `prepare` nor `recover` has effects; both may be called again for the same call. */
export interface Tool {
  name: string;
  declaration: ToolDeclaration;
  /** May run beside other such calls of the same step. */
  parallel: boolean;
  prepare(input: unknown, scope: ToolScope): Promise<Prepared>;
  /** For a call whose `idempotent` effect may have happened. Null: its outcome is unknown. */
  recover?(input: unknown, scope: ToolScope, journal: string): Promise<Prepared | null>;
}

export interface ToolDefinition<S extends z.ZodObject> {
  name: string;
  description: string;
  input: S;
  parallel?: boolean;
  prepare(input: z.output<S>, scope: ToolScope): Promise<Prepared>;
  recover?(input: z.output<S>, scope: ToolScope, journal: string): Promise<Prepared | null>;
}

/** Checks the input against the schema before anything of the tool runs. */
export function defineTool<S extends z.ZodObject>(definition: ToolDefinition<S>): Tool {
  const { $schema: _, ...inputSchema } = z.toJSONSchema(definition.input, { io: 'input' });
  const { recover } = definition;
  return {
    name: definition.name,
    declaration: { name: definition.name, description: definition.description, inputSchema },
    parallel: definition.parallel ?? false,
    async prepare(input, scope) {
      const parsed = parseArguments(definition.input, input);
      return parsed.success ? definition.prepare(parsed.data, scope) : refuse(parsed.problem);
    },
    recover:
      recover &&
      (async (input, scope, journal) => {
        const parsed = parseArguments(definition.input, input);
        return parsed.success ? recover(parsed.data, scope, journal) : refuse(parsed.problem);
      }),
  };
}

export function refuse(content: string, metadata?: Record<string, unknown>): Prepared {
  return { kind: 'result', result: { content, isError: true, metadata } };
}

export function plan(plan: ToolPlan): Prepared {
  return { kind: 'plan', plan };
}

/** A plan that only reads. */
export function readOnly(run: ToolPlan['run']): Prepared {
  return plan({ effect: 'none', run });
}

export function failure(content: string): ToolResult {
  return { content, isError: true };
}
