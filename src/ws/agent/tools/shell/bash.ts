import { z } from 'zod';
import type { GitIdentity } from '#domain/user/index.ts';
import type { Job, ToolScope } from '../../ports.ts';
import { workspacePath } from '../paths.ts';
import type { ToolPlan, ToolResult } from '../tool.ts';
import { defineTool, failure, plan, refuse } from '../tool.ts';
import { blockedCommand } from './command-rules/blocked-commands.ts';
import { readOnlyScript } from './command-rules/read-only-command.ts';
import { sessionScope } from './command-rules/session-scope.ts';
import { jobText } from './job-output-text.ts';
import { terminalText } from './terminal-text.ts';

const AUTO_BACKGROUND_SECONDS = 60;
const FAST_FINISH_MS = 1000;
const PROGRESS_TAIL_BYTES = 8192;

export const NO_OUTPUT = 'no output';

const SHELL_ENVIRONMENT = {
  CRUSH: '1',
  AGENT: 'crush',
  AI_AGENT: 'crush',
  TERM: 'xterm-256color',
  EDITOR: 'false',
  GIT_EDITOR: 'false',
  VISUAL: 'false',
  JJ_EDITOR: 'false',
  PAGER: 'cat',
  GIT_PAGER: 'cat',
  JJ_PAGER: 'cat',
};

const DESCRIPTION = `Runs a command in a fresh Bash shell inside the project's workspace and returns its output.

- Every call starts anew: no working directory, variable or function survives; files do, see the environment. Use working_dir or chain with &&.
- Output over 30000 characters loses its middle. Standard error follows standard output.
- A command that takes longer than auto_background_after seconds goes on in the background; read it with job_output and end it with job_kill. Use run_in_background for servers and watchers; later commands reach such a server at 127.0.0.1.
- The shell has no terminal: nothing that asks questions or opens an editor works.
- Prefer the view, grep, glob and ls tools to cat, grep, find and ls.
- sudo, package managers of the system and its services are refused; install tools into the home directory or the project.
- Commit only when asked. Look at git status, git diff and git log first, stage only files that belong to the change, and write a message that says why. Author and committer are the user already. Never push, rewrite history or change git's configuration unless told to.`;

const Input = z.strictObject({
  description: z.string().max(500).describe('What the command does, in five to ten words'),
  command: z.string().max(100_000).describe('The shell text to run'),
  working_dir: z.string().optional().describe('Directory to run it in; default: the root of the workspace'),
  run_in_background: z.boolean().optional().describe('Return at once and leave it running as a job'),
  auto_background_after: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .optional()
    .describe('Seconds after which a running command goes on in the background (default 60)'),
});
type Input = z.infer<typeof Input>;

export const bashTool = defineTool({
  name: 'bash',
  description: DESCRIPTION,
  input: Input,
  async prepare(input, scope) {
    if (input.command.trim() === '') return refuse('The command is missing');
    if (input.command.includes('\0')) return refuse('The command contains a NUL character');
    const blocked = blockedCommand(input.command, scope.isolated);
    if (blocked) return refuse(`Not allowed here: ${blocked}. Find another way or ask the user to do it.`);
    const cwd = workspacePath(input.working_dir ?? '.');
    const script = readOnlyScript(input.command);
    const asks = script === null || !scope.isolated;
    const bashPlan: ToolPlan = {
      effect: script === null ? 'unsafe' : 'none',
      run: (control) => run({ input, cwd, script }, scope, control),
    };
    if (asks) {
      bashPlan.ask = {
        toolName: 'bash',
        action: 'execute',
        description: `Run the command: ${input.command}`,
        path: cwd,
        params: input,
        session: scope.isolated ? sessionScope(input.command) : null,
      };
    }
    return plan(bashPlan);
  },
});

async function run(
  { input, cwd, script }: { input: Input; cwd: string; script: string | null },
  scope: ToolScope,
  control: Parameters<ToolPlan['run']>[0],
): Promise<ToolResult> {
  const { session, workspace, jobs } = scope;
  const identity = await scope.commitIdentity();
  const job = await jobs.start(session.id, workspace, {
    userId: session.userId,
    command: input.command,
    script: script ?? undefined,
    description: input.description,
    cwd,
    env: { ...SHELL_ENVIRONMENT, ...(identity ? commitVariables(identity) : {}) },
  });
  job.onOutput = () => control.progress(terminalText(job.stdout.last(PROGRESS_TAIL_BYTES)));
  const waitMs = input.run_in_background
    ? FAST_FINISH_MS
    : (input.auto_background_after ?? AUTO_BACKGROUND_SECONDS) * 1000;
  const outcome = await waitFor(job, waitMs, control.signal);
  job.onOutput = null;
  if (outcome === 'running') return inBackground(input, job);
  if (outcome === 'aborted') await job.kill();
  jobs.remove(session.id, job.id);
  return finished(input, job, scope.clock.now(), outcome === 'aborted');
}

function commitVariables({ name, email }: GitIdentity): Record<string, string> {
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}

function waitFor(job: Job, ms: number, signal: AbortSignal): Promise<'done' | 'running' | 'aborted'> {
  return new Promise((resolve) => {
    const settle = (outcome: 'done' | 'running' | 'aborted') => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(outcome);
    };
    const abort = () => settle('aborted');
    const timer = setTimeout(() => settle('running'), ms);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    job.done.then(
      () => settle('done'),
      () => settle('done'),
    );
  });
}

function finished(input: Input, job: Job, endedAt: number, aborted: boolean): ToolResult {
  const output = jobText(job, aborted ? 'The command was aborted before it finished' : undefined);
  const content = output === '' ? NO_OUTPUT : `${output}\n\n<cwd>${job.cwd}</cwd>`;
  return {
    content,
    metadata: { ...metadata(input, job, endedAt), output: output === '' ? NO_OUTPUT : output },
  };
}

function inBackground(input: Input, job: Job): ToolResult {
  const { exit } = job;
  if (exit()) return failure('The job ended unexpectedly');
  const output = jobText(job);
  const so = output === '' ? '' : `\n\nOutput so far:\n${output}`;
  return {
    content: `The command runs in the background as job ${job.id}. Read its output with job_output, end it with job_kill.${so}`,
    metadata: { ...metadata(input, job, null), output, background: true, shell_id: job.id },
  };
}

function metadata(input: Input, job: Job, endedAt: number | null): Record<string, unknown> {
  return {
    start_time: job.startedAt,
    end_time: endedAt,
    description: input.description,
    working_directory: job.cwd,
  };
}
