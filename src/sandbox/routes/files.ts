import { z } from 'zod';
import { type Workspace, WorkspaceError } from '#domain/workspace/index.ts';
import { ok } from '#http/kit/route.ts';
import { createKeyedQueue } from '#shared/async/serial-queue.ts';
import type { SandboxDeps } from '../deps.ts';
import { editText } from '../edit-text.ts';
import { openProject } from '../open-project.ts';
import { ProjectRef, workspacePathOf } from '../project-ref.ts';
import { type SandboxRoute, SMALL_BODY_BYTES } from '../route.ts';

const MEBIBYTE = 1024 * 1024;
const CONTENT_BODY_BYTES = 32 * MEBIBYTE;
const MAX_LISTED = 10_000;

const Encoding = z.enum(['utf-8', 'base64']).default('utf-8');
const FilePath = z.string().min(1);

const ReadRequest = ProjectRef.extend({
  file_path: FilePath,
  encoding: Encoding,
  offset: z.int().min(0).optional(),
  limit: z.int().min(0).optional(),
});
const WriteRequest = ProjectRef.extend({
  file_path: FilePath,
  content: z.string().default(''),
  encoding: Encoding,
});
const ListRequest = ProjectRef.extend({ path: z.string().optional() });
const EditRequest = ProjectRef.extend({
  file_path: FilePath,
  old_string: z.string().default(''),
  new_string: z.string().default(''),
  replace_all: z.boolean().default(false),
});

export function fileRoutes(deps: SandboxDeps): SandboxRoute[] {
  const edits = createKeyedQueue();

  return [
    {
      method: 'POST',
      path: '/file/read',
      access: 'token',
      bodyLimit: SMALL_BODY_BYTES,
      async handle(request) {
        const body = await request.json(ReadRequest);
        const workspace = await openProject(deps, body);
        const range = { offset: body.offset, limit: body.limit };
        const { bytes, stat } = await workspace.read(
          workspacePathOf(body.file_path),
          range,
          request.signal(),
        );
        const content = body.encoding === 'base64' ? toBase64(bytes) : toText(bytes, stat.path);
        return ok({ status: 'ok', content, encoding: body.encoding, size: stat.size });
      },
    },
    {
      method: 'POST',
      path: '/file/write',
      access: 'token',
      bodyLimit: CONTENT_BODY_BYTES,
      async handle(request) {
        const body = await request.json(WriteRequest);
        const workspace = await openProject(deps, body);
        const bytes = Buffer.from(body.content, body.encoding);
        const stat = await workspace.write(workspacePathOf(body.file_path), bytes, request.signal());
        return ok({ status: 'ok', message: `Wrote ${stat.path}`, size: stat.size });
      },
    },
    {
      method: 'POST',
      path: '/file/list',
      access: 'token',
      bodyLimit: SMALL_BODY_BYTES,
      async handle(request) {
        const body = await request.json(ListRequest);
        const workspace = await openProject(deps, body);
        const found = await workspace.list(workspacePathOf(body.path), MAX_LISTED, request.signal());
        const files = found.entries.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
        return ok({ status: 'ok', files, truncated: found.truncated });
      },
    },
    {
      method: 'POST',
      path: '/file/edit',
      access: 'token',
      bodyLimit: CONTENT_BODY_BYTES,
      async handle(request) {
        const body = await request.json(EditRequest);
        const workspace = await openProject(deps, body);
        const path = workspacePathOf(body.file_path);
        const signal = request.signal();
        // One after another, or the later of two edits would undo the earlier.
        const count = await edits(workspace.projectId, () => edit(workspace, path, body, signal));
        return ok({ status: 'ok', message: `Replaced ${count} of ${path}`, replacements: count });
      },
    },
  ];
}

async function edit(
  workspace: Workspace,
  path: string,
  change: z.infer<typeof EditRequest>,
  signal: AbortSignal,
): Promise<number> {
  if (change.old_string === '') {
    if ((await workspace.stat(path, signal)) !== null) {
      throw new WorkspaceError('already_exists', 'The file exists; old_string is needed to edit it.');
    }
    await workspace.write(path, Buffer.from(change.new_string), signal);
    return 1;
  }
  const { bytes, stat } = await workspace.read(path, {}, signal);
  const { text, count } = editText(toText(bytes, stat.path), {
    from: change.old_string,
    to: change.new_string,
    all: change.replace_all,
  });
  await workspace.write(path, Buffer.from(text), signal);
  return count;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function toText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new WorkspaceError('not_text', `${path} is not UTF-8 text; ask for encoding base64.`);
  }
}
