import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../files/replace-file.ts';
import { DEFAULT_IGNORE_FILE } from '../search/ignore-rules.ts';
import { SANDBOX_HOME } from './arguments.ts';

export interface EtcDirectoryInput {
  /** Where the directories are kept. */
  parent: string;
  uid: number;
  gid: number;
  /** Host paths that are mounted on top and so need a place. */
  mounts: readonly string[];
  /** Whom name questions go to, where that is not the host's own. */
  resolver: string | null;
}

/** A made-up `/etc` in which the only users are root and the one that runs the command. */
export function prepareEtcDirectory(input: EtcDirectoryInput): string {
  const directory = join(input.parent, `etc-${input.uid}-${input.gid}`);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  for (const [name, text] of Object.entries(contents(input))) {
    replaceFile(join(directory, name), text);
  }
  for (const path of input.mounts) placeFor(path, join(directory, path.slice('/etc/'.length)));
  return directory;
}

function placeFor(source: string, place: string): void {
  if (existsSync(place)) return;
  mkdirSync(dirname(place), { recursive: true });
  if (statSync(source).isDirectory()) mkdirSync(place, { recursive: true });
  else writeFileSync(place, '', { mode: 0o644 });
}

function contents({ uid, gid, resolver }: EtcDirectoryInput): Record<string, string> {
  return {
    passwd: `root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nu:x:${uid}:${gid}:u:${SANDBOX_HOME}:/bin/bash\n`,
    group: `root:x:0:\nu:x:${gid}:\n`,
    hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
    hostname: 'sandbox\n',
    ...(resolver === null ? {} : { 'resolv.conf': `nameserver ${resolver}\n` }),
    'crush-ignore': DEFAULT_IGNORE_FILE,
  };
}
