import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { AddressGuard } from '../../net/address-guard.ts';
import type { WorkspaceDirectory } from './files/workspace-directory.ts';

/** Bounds of one command or, where a cgroup is at hand, of all commands of a workspace. */
export interface SandboxLimits {
  memoryMb: number;
  /** Processes and threads. */
  processes: number;
  /** The largest file that a command may write. */
  fileMb: number;
  /** Kept output of each stream. */
  outputKb: number;
  /** What the whole workspace may hold, with its home and /tmp. */
  workspaceMb: number;
  /** Files, directories and links there. */
  workspaceFiles: number;
  /** Of the host's disk: when less is free nothing grows any more. */
  diskFreeMb: number;
}

export type SandboxNetwork =
  | { mode: 'none' }
  /** The host's own. */
  | { mode: 'host' }
  /** The internet by NAT, but for the `refused` networks and the host's own addresses. */
  | { mode: 'open'; refused: readonly string[] }
  /** By way of a proxy, to what the `host:port` patterns name and only at public addresses. */
  | {
      mode: 'allowlist';
      allow: readonly string[];
      guard: AddressGuard;
    };

/** A workspace as the server sees it. */
export interface WorkspaceLocation extends WorkspaceDirectory {
  projectId: string;
  /** Who owns the directory; commands run as this user, which is never root. */
  uid: number;
  gid: number;
  /** What commands see as their home; it lives and is counted with the project. */
  home: string;
  /** What commands see as /tmp. */
  tmp: string;
}

export interface LaunchRequest {
  argv: readonly [string, ...string[]];
  /** Below the workspace, `''` for the workspace itself. */
  cwd: string;
  env: Readonly<Record<string, string>>;
  stdin: 'pipe' | 'ignore';
  /** The largest file that it may write, in MiB, where that is less than the limit. */
  fileMb?: number;
  /** Takes part in the fence between servers; searches do not. */
  fenced: boolean;
}

export interface LaunchedProcess {
  stdin: Writable | null;
  stdout: Readable;
  stderr: Readable;
  /** Settles when no process of it can run any more and its output is read; never rejects. */
  closed: Promise<{
    exitCode: number | null;
    signal: string | null;
    /** The command did not begin, or was ended from outside: standard error may say why. */
    hasNoResult?: boolean;
  }>;
  /** Asks the processes to end. */
  terminate(): void;
  /** Ends all of them. */
  kill(): void;
}

/** What differs between running in a sandbox and running on the host. */
export interface ProcessLauncher {
  launch(location: WorkspaceLocation, request: LaunchRequest): Promise<LaunchedProcess>;
  /** Connects to a port of the project's loopback; rejects with `not_found` where nothing listens. */
  connect(location: WorkspaceLocation, port: number): Promise<Socket>;
  /** An environment with nothing of the server's. */
  environment(extra: Readonly<Record<string, string>> | undefined): Record<string, string>;
  /** Forgets a workspace whose processes have ended, and removes what it kept for it. */
  forget(location: WorkspaceLocation): Promise<void>;
  close(): Promise<void>;
}

/** What a driver found on this host. */
export interface SandboxFacts {
  /** Null without bubblewrap. */
  bubblewrapVersion: string | null;
  /** Whether commands of each workspace have a user of their own. */
  separateUsers: boolean;
  /** Control group controllers that limit the commands of a workspace in sum. */
  controllers: readonly string[];
  ripgrep: boolean;
}

export interface SelfTestResult {
  ok: boolean;
  /** One line each, with what to do about it. */
  problems: string[];
}
