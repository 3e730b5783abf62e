import { constants } from 'node:os';
import { z } from 'zod';
import { type ExecRequest, type ExecResult, WorkspaceError } from '#domain/workspace/index.ts';
import { ok } from '#http/kit/route.ts';
import type { SandboxDeps } from '../deps.ts';
import { ProjectRef, projectIdOf, workspacePathOf } from '../project-ref.ts';
import type { SandboxRoute } from '../route.ts';
import { runTracked } from '../run.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_TIMEOUT_SECONDS = 86_400;
/** What the environment of a command can carry. */
const MAX_PROGRAM_BYTES = 32 * 1024;
const PROGRAM_VARIABLE = 'CRUSH_PROGRAM';

const ExecuteRequest = ProjectRef.extend({
  command: z.string(),
  language: z.enum(['bash', 'python', 'sh']).default('bash'),
  working_dir: z.string().optional(),
  timeout: z.number().positive().max(MAX_TIMEOUT_SECONDS).optional(),
  stdin: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
});
type ExecuteRequest = z.infer<typeof ExecuteRequest>;

export function executeRoutes({ provider, activity }: SandboxDeps): SandboxRoute[] {
  return [
    {
      method: 'POST',
      path: '/execute',
      access: 'token',
      bodyLimit: MAX_BODY_BYTES,
      async handle(request) {
        const body = await request.json(ExecuteRequest);
        const workspace = await provider.open(projectIdOf(body), null);
        return ok(toReply(await runTracked(activity, workspace, toExec(body), request.signal())));
      },
    },
  ];
}

function toExec(body: ExecuteRequest): ExecRequest {
  return {
    ...programOf(body),
    cwd: workspacePathOf(body.working_dir),
    stdin: body.stdin,
    timeoutMs: body.timeout === undefined ? undefined : body.timeout * 1000,
  };
}

/** Another interpreter gets its program by a variable, so that no shell text is put together from it. */
function programOf({ command, language, env }: ExecuteRequest): Pick<ExecRequest, 'command' | 'env'> {
  if (language === 'bash') return { command, env };
  if (Buffer.byteLength(command) > MAX_PROGRAM_BYTES) {
    throw new WorkspaceError('too_large', 'The program is too long; write it to a file and run that.');
  }
  const interpreter = language === 'python' ? 'python3' : '/bin/sh';
  return {
    command: `program=$${PROGRAM_VARIABLE}; unset ${PROGRAM_VARIABLE}; exec ${interpreter} -c "$program"`,
    env: { [PROGRAM_VARIABLE]: command, ...env },
  };
}

function toReply(result: ExecResult): object {
  return {
    status: 'ok',
    stdout: result.stdout,
    stderr: result.stderr,
    exit_code: exitCodeOf(result),
    signal: result.signal,
    timed_out: result.timedOut,
    cancelled: result.cancelled,
    truncated_bytes: result.truncatedBytes,
    duration_ms: result.durationMs,
  };
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = constants.signals;

/** As a shell reports it; -1 where there is neither status nor signal. */
function exitCodeOf({ exitCode, signal }: ExecResult): number {
  if (exitCode !== null) return exitCode;
  const number = signal === null ? undefined : SIGNAL_NUMBERS[signal];
  return number === undefined ? -1 : 128 + number;
}
