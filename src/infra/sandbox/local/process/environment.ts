const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const MAX_VALUE_BYTES = 32 * 1024;
const MAX_TOTAL_BYTES = 128 * 1024;

/** Names that change how programs load code, find files or read their configuration. */
const REFUSED_PREFIXES = [
  'LD_',
  'DYLD_',
  'GIT_',
  'BASH_',
  'MALLOC_',
  'GLIBC_',
  'NPM_CONFIG_',
  'SSH_',
  'SUDO_',
];
const REFUSED_NAMES = new Set([
  'BASHOPTS',
  'CDPATH',
  'CLASSPATH',
  'ENV',
  'GCONV_PATH',
  'GETCONF_DIR',
  'HOSTALIASES',
  'IFS',
  'JAVA_TOOL_OPTIONS',
  'JDK_JAVA_OPTIONS',
  'LOCALDOMAIN',
  'LOCPATH',
  'NIS_PATH',
  'NLSPATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'PERL5DB',
  'PERL5LIB',
  'PERL5OPT',
  'PROMPT_COMMAND',
  'PS0',
  'PS1',
  'PS2',
  'PS4',
  'PYTHONHOME',
  'PYTHONINSPECT',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'PYTHONUSERBASE',
  'RESOLV_HOST_CONF',
  'RES_OPTIONS',
  'RUBYLIB',
  'RUBYOPT',
  'SHELLOPTS',
  'TMPDIR',
  'TZDIR',
  '_JAVA_OPTIONS',
]);

/** As whom commits are made: of all that git reads, the part that runs and trusts nothing. */
const COMMIT_IDENTITY = new Set([
  'GIT_AUTHOR_NAME',
  'GIT_AUTHOR_EMAIL',
  'GIT_COMMITTER_NAME',
  'GIT_COMMITTER_EMAIL',
]);

export const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin';

/** What every command sees; a request cannot override it. */
export function baseEnvironment(home: string, user: string): Record<string, string> {
  return {
    PATH: SYSTEM_PATH,
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    CRUSH: '1',
    AGENT: 'crush',
    AI_AGENT: 'crush',
    EDITOR: 'false',
    VISUAL: 'false',
    GIT_EDITOR: 'false',
    GIT_PAGER: 'cat',
    PAGER: 'cat',
  };
}

/** Adds the allowed part of `extra`; names that are refused, malformed or too long are dropped without a word. */
export function mergeEnvironment(
  base: Readonly<Record<string, string>>,
  extra: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const merged: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(extra ?? {})) {
    if (!isAllowed(name) || value.includes('\0') || Buffer.byteLength(value) > MAX_VALUE_BYTES) continue;
    bytes += name.length + Buffer.byteLength(value) + 2;
    if (bytes > MAX_TOTAL_BYTES) break;
    merged[name] = value;
  }
  return Object.assign(merged, base);
}

function isAllowed(name: string): boolean {
  if (!NAME.test(name)) return false;
  if (COMMIT_IDENTITY.has(name)) return true;
  const upper = name.toUpperCase();
  return !REFUSED_NAMES.has(upper) && !REFUSED_PREFIXES.some((prefix) => upper.startsWith(prefix));
}
