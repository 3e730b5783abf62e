/** What the operator has configured of the place where commands run. */
export interface MachineFacts {
  network: { mode: string; allow: readonly string[] };
  memoryMb: number;
  workspaceMb: number;
  processes: number;
  turnSeconds: number;
}

const MAX_TARGETS = 20;

/** The lines of the system prompt about the machine; the same for every turn. */
export function describeMachine(machine: MachineFacts, isolated: boolean): string[] {
  if (!isolated) {
    return [
      "Machine: Linux, bash; commands run without isolation and with the server's own rights, so each one is put to the user.",
      limits(machine),
    ];
  }
  return [
    'Machine: a Linux sandbox of this project; bash, user u, no root rights, system directories read-only.',
    "Kept between commands and turns: /workspace, the home directory /home/u, and /tmp until the server restarts. A shell's variables and working directory are not kept.",
    'A server that runs in the background is reached by later commands at 127.0.0.1 and its port.',
    `Network: ${network(machine)}`,
    limits(machine),
    'Put to the user first: commands that do more than read, and changes of files. Always, whatever was allowed: changes by file tools of .git, .vscode, .idea, .envrc and the configuration of agents.',
  ];
}

function network({ network: { mode, allow } }: MachineFacts): string {
  if (mode === 'none') return "the project's own 127.0.0.1 and nothing else; nothing can be downloaded.";
  if (mode === 'allowlist') {
    const more = allow.length > MAX_TARGETS ? `, and ${allow.length - MAX_TARGETS} more` : '';
    const targets = allow.slice(0, MAX_TARGETS).join(', ');
    return `through the proxy that HTTP_PROXY names, to these alone: ${targets}${more}.`;
  }
  return mode === 'open' ? 'the internet.' : 'that of the server.';
}

function limits({ memoryMb, workspaceMb, processes, turnSeconds }: MachineFacts): string {
  return `Limits: memory ${size(memoryMb)}, files ${size(workspaceMb)}, ${processes} processes, a turn ${Math.round(turnSeconds / 60)} minutes.`;
}

function size(mebibytes: number): string {
  return mebibytes >= 1024 ? `${Number((mebibytes / 1024).toFixed(1))} GiB` : `${mebibytes} MiB`;
}
