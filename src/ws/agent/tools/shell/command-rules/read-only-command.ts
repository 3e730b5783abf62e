import { type PlainCommand, plainPipelines, quoted, shellText } from './plain-commands.ts';
import { PROGRAMS } from './program-rules.ts';
import { READ_GIT, readGit } from './read-git.ts';

/** Of the system alone: a project's programs of the same names are others. */
const PATH = 'export PATH=/usr/local/bin:/usr/bin:/bin\n';

/**
 * What to run for a text of which it is certain that it changes nothing and runs nothing but listed programs: that
 * text, written anew from what was judged, with git kept from what a repository configures. Null for any other.
 */
export function readOnlyScript(command: string): string | null {
  const list = plainPipelines(command);
  if (!list) return null;
  let usesGit = false;
  let isListed = true;
  const text = shellText(list, (plain) => {
    const git = plain.argv[0] === 'git';
    usesGit ||= git;
    const written = git ? readGit(plain) : readProgram(plain);
    isListed &&= written !== null;
    return written ?? '';
  });
  return isListed ? `${PATH}${usesGit ? READ_GIT : ''}${text}` : null;
}

function readProgram({ argv }: PlainCommand): string | null {
  const [program, ...args] = argv;
  const rule = Object.hasOwn(PROGRAMS, program) ? PROGRAMS[program] : undefined;
  return rule?.(args) ? argv.map(quoted).join(' ') : null;
}

/** Whether one command of a list only reads. */
export function isReadOnly(command: PlainCommand): boolean {
  return (command.argv[0] === 'git' ? readGit(command) : readProgram(command)) !== null;
}
