import { type ArgumentRule, anything, atMost, nothing, only, options } from './argument-rule.ts';

const version = only(/^(-v|-V|--version)$/);
const checksum = options({ flags: 'bctwz', long: 'quiet status check' });
const search = options({
  flags: 'abcEFGHhiIlLnoPqRrsTUvVwxyzZ',
  valued: 'ABCDdefm',
  long: 'include= exclude= exclude-dir= color= colour= color colour recursive ignore-case line-number count text files-with-matches files-without-match only-matching word-regexp line-regexp extended-regexp fixed-strings perl-regexp invert-match no-filename with-filename max-count= context= after-context= before-context= regexp= no-messages quiet',
});

/** Without `--pre`, `--search-zip` and `--hostname-bin`, which run programs. */
const ripgrep = options({
  flags: 'acFHiIlLNnopPqsSUuvwx0.',
  valued: 'ABCdeEfgjmMrtT',
  long: 'hidden no-ignore no-ignore-vcs files files-with-matches files-without-match count count-matches line-number no-line-number ignore-case smart-case case-sensitive fixed-strings glob glob= iglob= type type= type-not= type-list max-count= context= after-context= before-context= multiline multiline-dotall only-matching word-regexp line-regexp json stats sort sort= sortr= no-heading heading color= max-depth max-depth= replace= pcre2 no-filename with-filename invert-match regexp= column trim vimgrep null version',
});

/** Without the actions that execute, delete or write files. */
const find = options({
  also: /^-(?:[HLP]|\d+[a-zA-Z]*|maxdepth|mindepth|i?name|i?path|i?wholename|i?regex|regextype|type|xtype|size|[acm]time|[acm]min|i?newer|newer[aBcm][aBcmt]|perm|user|group|nouser|nogroup|empty|readable|writable|executable|not|and|or|a|o|print|print0|printf|ls|prune|quit|true|false|xdev|mount|depth|links|inum|samefile|follow|daystart)$/,
});

/** Lines by number, such as `10,20p`. */
const SED_LINES = /^(?:\d+|\$)(?:,(?:\d+|\$|\+\d+))?p(?:;(?:\d+|\$)(?:,(?:\d+|\$|\+\d+))?p)*$/;
const sed: ArgumentRule = ([flag, script = '', ...files]) =>
  flag === '-n' && SED_LINES.test(script) && files.every((file) => !file.startsWith('-'));

const test: ArgumentRule = (args) =>
  args.length === 2 && /^-[edfhLrwxsnz]$/.test(args[0] ?? '') && !args[1]?.startsWith('-');

/** Programs that only read, each with what keeps it to that. */
export const PROGRAMS: Readonly<Record<string, ArgumentRule>> = {
  ':': anything,
  arch: nothing,
  base64: options({ flags: 'diw', operands: atMost(1) }),
  basename: options({ flags: 'az', valued: 's' }),
  bash: only(/^--version$/),
  cal: only(/^\d+$/),
  cat: options({ flags: 'AbEensTtuv', long: 'number show-all' }),
  cd: (args) => args.length === 1 && /^[^-]/.test(args[0] ?? ''),
  cksum: options({}),
  cmp: options({ flags: 'bsln', long: 'silent quiet verbose' }),
  column: options({ flags: 'tnx', valued: 'sco' }),
  comm: options({ flags: '123', long: 'nocheck-order' }),
  command: ([flag = '', ...names]) => /^-[vV]$/.test(flag) && names.every((name) => !name.startsWith('-')),
  cut: options({ flags: 'nsz', valued: 'bcdf', long: 'delimiter= fields= complement output-delimiter=' }),
  date: options({
    flags: 'uRI',
    also: /^-I[a-z]+$/,
    long: 'utc iso-8601 iso-8601= date= rfc-3339= rfc-email',
    operands: only(/^\+/),
  }),
  df: options({ flags: 'ahHiklmPTt', long: 'human-readable output= total' }),
  diff: options({
    flags: 'abBcdeEiNnpqrstTuwyZ',
    valued: 'UCWxX',
    long: 'brief unified unified= recursive ignore-case ignore-all-space ignore-space-change ignore-blank-lines side-by-side new-file color= color no-dereference report-identical-files exclude= strip-trailing-cr',
  }),
  dirname: options({ flags: 'z' }),
  du: options({
    flags: 'abcdhHkLlmsSx',
    long: 'max-depth= max-depth summarize human-readable apparent-size total all exclude=',
  }),
  echo: anything,
  egrep: search,
  false: anything,
  fgrep: search,
  file: options({ flags: 'bhiLN', long: 'brief mime mime-type mime-encoding dereference' }),
  find,
  fold: options({ flags: 'bs', valued: 'w' }),
  free: options({ flags: 'bkmghtlw', long: 'human mega giga total' }),
  gcc: only(/^--version$/),
  grep: search,
  groups: nothing,
  head: options({ flags: 'qvz', valued: 'nc', long: 'lines= bytes= quiet verbose' }),
  hexdump: options({ flags: 'bcCdovx', valued: 'ns' }),
  hostname: nothing,
  id: options({ flags: 'agGnruz', long: 'user group groups name' }),
  jq: options({
    flags: 'rcMCSesnajR',
    long: 'raw-output compact-output slurp null-input sort-keys exit-status arg argjson tab raw-input',
  }),
  ls: options({
    flags: 'a-zA-Z',
    long: 'all almost-all color= color human-readable recursive reverse sort= time= time-style= size directory full-time group-directories-first inode classify',
  }),
  make: only(/^--version$/),
  md5sum: checksum,
  nl: options({ flags: 'p', valued: 'bdfhilnsvw' }),
  node: version,
  nproc: options({ long: 'all' }),
  od: options({ flags: 'abcdfilosvx', valued: 'AjNStw' }),
  paste: options({ flags: 'sz', valued: 'd' }),
  printenv: only(/^[A-Za-z_]\w*$/),
  // Its `-v` takes an expression that the shell evaluates.
  printf: ([format = '-']) => !format.startsWith('-'),
  ps: options({ flags: 'a-zA-Z', long: 'no-headers forest sort= pid= ppid=' }),
  pwd: options({ flags: 'LP' }),
  python: version,
  python3: version,
  readlink: options({ flags: 'femnqsvz', long: 'canonicalize' }),
  realpath: options({ flags: 'emLPqsz', long: 'relative-to= relative-base=' }),
  rev: options({}),
  rg: ripgrep,
  sed,
  seq: options({ flags: 'w', also: /^-\d+$/, valued: 's' }),
  sha1sum: checksum,
  sha256sum: checksum,
  sha512sum: checksum,
  // Without an output file and a program that compresses.
  sort: options({
    flags: 'bcCdfghiMmnRrsuVz',
    valued: 'kt',
    long: 'reverse unique numeric-sort human-numeric-sort version-sort key= field-separator= ignore-case stable check',
  }),
  stat: options({ flags: 'Lft', valued: 'c', long: 'format= printf= dereference terse' }),
  strings: options({ flags: 'af', valued: 'nte' }),
  tac: options({}),
  tail: options({ flags: 'qvz', valued: 'nc', long: 'lines= bytes= quiet verbose' }),
  test,
  tr: options({ flags: 'cCdst', long: 'delete squeeze-repeats complement' }),
  // No attached values: it takes every letter for an option.
  tree: options({
    flags: 'adfgilpsuhDFCnrtNQvcUJXLPI',
    long: 'dirsfirst gitignore noreport prune matchdirs ignore-case',
  }),
  true: anything,
  type: options({ flags: 'atpPf' }),
  uname: options({ flags: 'asnrvmpio', long: 'all machine kernel-release' }),
  // A second operand is written to.
  uniq: options({ flags: 'cdDuiz', valued: 'fsw', long: 'count repeated unique', operands: atMost(1) }),
  uptime: options({ flags: 'ps' }),
  wc: options({ flags: 'clmwL', long: 'lines words chars bytes' }),
  whereis: options({ flags: 'bmsu' }),
  which: options({ flags: 'a' }),
  whoami: nothing,
};
