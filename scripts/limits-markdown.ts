import * as history from '#domain/history/limits.ts';
import * as messages from '#domain/message/limits.ts';
import * as answers from '#domain/provider/limits.ts';
import * as sessions from '#domain/session/limits.ts';
import * as calls from '#domain/toolcall/limits.ts';
import * as provider from '#infra/llm/limits.ts';
import * as searches from '#infra/sandbox/local/search/limits.ts';
import * as results from '#ws/agent/step/limits.ts';
import * as tools from '#ws/agent/tools/limits.ts';

/** What is limited, and what happens beyond it. */
type Row = [what: string, beyond: string];
type Numbers<M> = { [K in keyof M as M[K] extends number ? K : never]: Row };

interface Section {
  title: string;
  file: string;
  rows: string[];
}

/** The types refuse a limit without a row, and a row without a limit. */
function section<M extends object>(title: string, file: string, limits: M, rows: Numbers<M>): Section {
  const lines = Object.entries<Row>(rows).map(([name, [what, beyond]]) => {
    const value: unknown = Reflect.get(limits, name);
    return `| ${what} | ${shown(name, Number(value))} | ${beyond} | \`${name}\` |`;
  });
  return { title, file, rows: lines };
}

function shown(name: string, value: number): string {
  if (name.endsWith('_MS')) return `${value} ms`;
  const unit = name.endsWith('_BYTES') ? 'B' : name.endsWith('_CHARS') ? ' characters' : '';
  if (unit === '') return value.toLocaleString('en').replaceAll(',', ' ');
  const [scaled, prefix] =
    value % 1048576 === 0 ? [value / 1048576, 'Mi'] : value % 1024 === 0 ? [value / 1024, 'Ki'] : [value, ''];
  return `${scaled.toLocaleString('en').replaceAll(',', ' ')} ${prefix}${unit}`.replace('  ', ' ');
}

const FAILS = 'the turn fails with a sentence; what came before stays';
const LEFT_OUT = 'the rest is left out, and the model is told';

const SECTIONS: Section[] = [
  section('An answer of a model', 'src/domain/provider/limits.ts', answers, {
    MAX_ANSWER_CALLS: ['tool calls', LEFT_OUT],
    MAX_ANSWER_TEXT_CHARS: ['text', FAILS],
    MAX_ANSWER_REASONING_CHARS: ['reasoning, with its metadata', FAILS],
    MAX_CALL_INPUT_CHARS: ['input of one call', 'the call is not run, and the model is told'],
    MAX_ANSWER_INPUT_CHARS: ['inputs of all calls', 'the call is not run, and the model is told'],
  }),
  section('A provider’s stream', 'src/infra/llm/limits.ts', provider, {
    MAX_STREAM_BYTES: ['an answer on the wire', 'the call fails'],
    MAX_EVENT_CHARS: ['one event', 'the call fails'],
    MAX_ERROR_BODY_BYTES: ['the body of a refusal', 'the rest is not read'],
  }),
  section('A tool’s result', 'src/ws/agent/step/limits.ts', results, {
    MAX_CONTENT_BYTES: ['text', 'cut, which its last line says'],
    MAX_METADATA_BYTES: ['metadata for user interfaces', 'long texts in it are cut; `truncated: true`'],
    MAX_PARAMS_BYTES: ['what a permission request shows', 'long texts in it are cut; `truncated: true`'],
    MAX_IMAGE_BYTES: ['an image', 'left out'],
  }),
  section('Files and edits', 'src/ws/agent/tools/limits.ts', tools, {
    MAX_EDIT_BYTES: ['a file that is edited, and the outcome', 'the edit is refused'],
    MAX_REPLACEMENTS: ['replacements of one edit', 'the edit is refused'],
    MAX_LOOSE_CHARS: [
      'a file in which differences in white space are overlooked',
      'only an exact match counts',
    ],
    CALL_WORK_MS: ['matching and comparing in one call', 'the edit is refused; a diff is left out'],
    MAX_SHOWN_CONTENT_BYTES: ['old and new content shown to clients', 'a diff is shown instead'],
    MAX_SHOWN_DIFF_CHARS: ['a diff shown to clients', 'cut, which its last line says'],
  }),
  section('File history', 'src/domain/history/limits.ts', history, {
    MAX_LISTED_VERSIONS: ['versions in one answer', 'X-Next-Cursor'],
    MAX_HISTORY_BYTES: ['contents in one answer', 'X-Next-Cursor; one version at least'],
    MAX_COMPARED_CHARS: ['texts of one comparison, without their common ends', 'no diff; every line counts'],
    MAX_DIFF_CHARS: ['a diff', 'cut, which its last line says'],
    REQUEST_WORK_MS: ['comparing in one request', 'the other diffs are left out'],
  }),
  section('Messages', 'src/domain/message/limits.ts', messages, {
    MAX_PAGE_CHARS: ['messages in one answer', 'X-Next-Cursor; one message at least'],
  }),
  section('Tool calls', 'src/domain/toolcall/limits.ts', calls, {
    MAX_PAGE_BYTES: ['inputs and results in one answer', 'X-Next-Cursor; one call at least'],
  }),
  section('A session', 'src/domain/session/limits.ts', sessions, {
    MAX_SESSION_CHARS: ['messages and file versions', 'prompts are refused (409), the turn ends'],
    MAX_TURN_CHARS: ['what one turn adds', 'the turn ends with a sentence'],
  }),
  section('Ignore files', 'src/infra/sandbox/local/search/limits.ts', searches, {
    MAX_IGNORE_FILE_BYTES: ['one file', 'it does not count'],
    MAX_IGNORE_RULES: ['rules of one file', 'the others do not count'],
    MAX_IGNORE_RULE_CHARS: ['one rule', 'it does not count'],
    MAX_IGNORE_FILES: ['files one below the other', 'the lower ones do not count'],
  }),
];

/** docs/limits.md. */
export function limitsMarkdown(): string {
  const tables = SECTIONS.map(({ title, file, rows }) =>
    [
      `## ${title}`,
      '',
      `In \`${file}\`.`,
      '',
      '| what | limit | beyond it | name |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n'),
  );
  return [
    '# Limits',
    '',
    'Whatever a tenant, a model, a repository or a provider sizes is bounded before the work begins. This page is written from the code (`npm run docs:limits`). What an operator sets is in [configuration](configuration.md): `limits.*`, `redis.stream_max_len`, `redis.stream_max_mb`, `agent.max_workers`, `agent.max_steps`, `agent.task_timeout`, `agent.task_queue_size` and `sandbox.limits`.',
    '',
    'Comparing texts and matching edits that are not small run in worker threads (two per process, started when needed): users take turns, 8 tasks of one user and 64 of all may wait, and a task that overruns its time ends with its thread. JSON of others is nested at most 100 deep and has at most 250 000 values.',
    '',
    `${tables.join('\n\n')}\n`,
  ].join('\n');
}
