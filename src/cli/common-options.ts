import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { configError } from '#config/errors.ts';
import type { ConfigOverride, LoadedConfig } from '#config/load.ts';

export interface CommonFlags {
  config?: string;
  cwd?: string;
  dataDir?: string;
  debug?: boolean;
  profile?: boolean;
  host?: string;
  httpPort?: string;
  wsPort?: string;
  /** Of the sandbox server. */
  port?: string;
  yolo?: boolean;
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default ./config.yaml, then /etc/crush/config.yaml)')
    .option('--cwd <dir>', 'working directory')
    .option('--data-dir <dir>', 'data directory')
    .option('--debug', 'debug logs')
    .option('--profile', 'profiling endpoints on loopback');
}

export function withHost(command: Command): Command {
  return command.option('--host <address>', 'address to listen on');
}

export function withHttpPort(command: Command): Command {
  return command.option('--http-port <port>', 'port of the HTTP API');
}

export function withWsPort(command: Command): Command {
  return command.option('--ws-port <port>', 'port of the WebSocket service');
}

export function withYolo(command: Command): Command {
  return command.option('--yolo', 'accept every permission request without asking');
}

/** The configuration with this invocation's flags on top. Throws `FatalError`. */
export async function loadFromFlags(flags: CommonFlags): Promise<LoadedConfig> {
  const { loadConfig } = await import('#config/load.ts');
  const overrides: ConfigOverride[] = [];
  const set = (key: string, value: unknown, flag: string) => {
    if (value !== undefined) overrides.push({ key, value, flag });
  };
  set('data_dir', flags.dataDir, '--data-dir');
  set('log.level', flags.debug ? 'debug' : undefined, '--debug');
  set('profile', flags.profile, '--profile');
  set('server.host', flags.host, '--host');
  set('server.http_port', flags.httpPort, '--http-port');
  set('server.ws_port', flags.wsPort, '--ws-port');
  set('server.sandbox_port', flags.port, '--port');
  set('permissions.skip_requests', flags.yolo, '--yolo');
  const loaded = loadConfig({ file: flags.config, cwd: flags.cwd, overrides });
  const { cwd, sandbox } = loaded.config;
  // That of a sandbox-server is on another machine.
  if (flags.cwd && cwd && sandbox.driver !== 'remote') await requireDirectory(cwd, '--cwd');
  return loaded;
}

async function requireDirectory(path: string, flag: string): Promise<void> {
  const known = await stat(path).catch(() => null);
  if (!known?.isDirectory()) throw configError(`${flag}: ${path} is not a directory`);
}
