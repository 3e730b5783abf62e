import { shellCommands } from './shell-commands.ts';

const words = (text: string) => text.trim().split(/\s+/);

/** Nothing of the kind works in a workspace, and the model should not try it in other ways. */
const HOST_WIDE = new Set([
  ...words('doas su sudo'),
  ...words('apk apt apt-cache apt-get dnf dpkg emerge home-manager makepkg opkg pacman paru pkg pkg_add'),
  ...words(
    'pkg_delete portage rpm yay yum zypper at batch chkconfig crontab fdisk mkfs mount parted service',
  ),
  ...words('systemctl umount firewall-cmd iptables pfctl ufw'),
]);

/** Where commands are isolated they reach only what the network of the project leads to. */
const REACHING_OUT = new Set([
  ...words('alias aria2c axel chrome curl curlie firefox http-prompt httpie links lynx nc safari scp ssh'),
  ...words('telnet w3m wget xh ifconfig ip netstat route'),
]);

interface Form {
  program: string;
  verbs: string[];
  flags: string[];
}

/** Program, its leading words, and flags of which one must be there (none: any). */
const RUNS_FOREIGN: readonly Form[] = [{ program: 'go', verbs: ['test'], flags: ['-exec', '--exec'] }];

/** Isolated commands have a home of their own to install into. */
const CHANGES_HOME: readonly Form[] = [
  ...['brew', 'cargo', 'gem', 'go'].map((program) => ({ program, verbs: ['install'], flags: [] })),
  { program: 'npm', verbs: ['install'], flags: ['-g', '--global'] },
  { program: 'npm', verbs: ['i'], flags: ['-g', '--global'] },
  { program: 'pip', verbs: ['install'], flags: ['--user'] },
  { program: 'pip3', verbs: ['install'], flags: ['--user'] },
  { program: 'pnpm', verbs: ['add'], flags: ['-g', '--global'] },
  { program: 'yarn', verbs: ['global', 'add'], flags: [] },
];

/** Names what the policy does not let run; null when nothing of the kind can be seen. The sandbox is the boundary. */
export function blockedCommand(command: string, isIsolated: boolean): string | null {
  const forms = isIsolated ? RUNS_FOREIGN : [...RUNS_FOREIGN, ...CHANGES_HOME];
  for (const { program, args } of shellCommands(command)) {
    if (program === null) continue;
    if (HOST_WIDE.has(program) || (!isIsolated && REACHING_OUT.has(program))) return program;
    const form = forms.find((candidate) => matches(candidate, program, args));
    if (form) return [program, ...form.verbs, ...form.flags.slice(0, 1)].join(' ');
  }
  return null;
}

function matches(form: Form, program: string, words: readonly (string | null)[]): boolean {
  const args = words.filter((word) => word !== null);
  const plain = args.filter((arg) => !arg.startsWith('-'));
  const flags = args.map((arg) => arg.split('=', 1)[0] ?? '');
  return (
    form.program === program &&
    form.verbs.every((verb, index) => plain[index] === verb) &&
    (form.flags.length === 0 || form.flags.some((flag) => flags.includes(flag)))
  );
}
