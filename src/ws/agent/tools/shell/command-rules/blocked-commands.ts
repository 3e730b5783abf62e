import { shellCommands } from './shell-commands.ts';

const words = (text: string) => text.trim().split(/\s+/);

const BLOCKED = new Set([
  ...words('alias aria2c axel chrome curl curlie firefox http-prompt httpie links lynx nc safari scp ssh'),
  ...words('telnet w3m wget xh doas su sudo'),
  ...words('apk apt apt-cache apt-get dnf dpkg emerge home-manager makepkg opkg pacman paru pkg pkg_add'),
  ...words(
    'pkg_delete portage rpm yay yum zypper at batch chkconfig crontab fdisk mkfs mount parted service',
  ),
  ...words('systemctl umount firewall-cmd ifconfig ip iptables netstat pfctl route ufw'),
]);

/** Program, its leading words, and flags of which one must be there (none: any). */
const BLOCKED_FORMS: ReadonlyArray<{ program: string; verbs: string[]; flags: string[] }> = [
  ...['brew', 'cargo', 'gem', 'go'].map((program) => ({ program, verbs: ['install'], flags: [] })),
  { program: 'npm', verbs: ['install'], flags: ['-g', '--global'] },
  { program: 'npm', verbs: ['i'], flags: ['-g', '--global'] },
  { program: 'pip', verbs: ['install'], flags: ['--user'] },
  { program: 'pip3', verbs: ['install'], flags: ['--user'] },
  { program: 'pnpm', verbs: ['add'], flags: ['-g', '--global'] },
  { program: 'yarn', verbs: ['global', 'add'], flags: [] },
  { program: 'go', verbs: ['test'], flags: ['-exec', '--exec'] },
];

/** Names what the policy does not let run; null when nothing of the kind can be seen. The sandbox is the boundary. */
export function blockedCommand(command: string): string | null {
  for (const { program, args } of shellCommands(command)) {
    if (program === null) continue;
    if (BLOCKED.has(program)) return program;
    const form = BLOCKED_FORMS.find((candidate) => matches(candidate, program, args));
    if (form) return [program, ...form.verbs, ...form.flags.slice(0, 1)].join(' ');
  }
  return null;
}

function matches(
  form: (typeof BLOCKED_FORMS)[number],
  program: string,
  words: readonly (string | null)[],
): boolean {
  const args = words.filter((word) => word !== null);
  const plain = args.filter((arg) => !arg.startsWith('-'));
  const flags = args.map((arg) => arg.split('=', 1)[0] ?? '');
  return (
    form.program === program &&
    form.verbs.every((verb, index) => plain[index] === verb) &&
    (form.flags.length === 0 || form.flags.some((flag) => flags.includes(flag)))
  );
}
