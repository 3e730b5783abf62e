import { type ArgumentRule, nothing, only, options } from './argument-rule.ts';

/** Of commits and differences; git accepts abbreviations, so nothing else passes. */
const HISTORY_SHORT = /^-(?:\d+|n\d*|[abcgimpqrstuwzDEFPRW]|[SGL].*|U\d+|[MC]\d*%?)$/;
const HISTORY_LONG = [
  'oneline stat stat= numstat shortstat dirstat compact-summary name-only name-status raw check summary graph',
  'all branches branches= remotes remotes= tags tags= glob= not reflog walk-reflogs source boundary',
  'cached staged decorate decorate= decorate-refs= no-decorate abbrev-commit abbrev abbrev= no-abbrev-commit',
  'format= pretty pretty= since= until= after= before= author= committer= grep= invert-grep all-match',
  'regexp-ignore-case extended-regexp fixed-strings pickaxe-regex pickaxe-all max-count= skip= max-parents=',
  'min-parents= patch no-patch follow reverse first-parent merges no-merges date= relative-date full-history',
  'topo-order date-order author-date-order ancestry-path left-right left-only right-only cherry cherry-pick',
  'cherry-mark simplify-by-decoration parents children word-diff word-diff= word-diff-regex= color-words',
  'ignore-all-space ignore-space-change ignore-space-at-eol ignore-blank-lines ignore-cr-at-eol color color=',
  'no-color unified= inter-hunk-context= function-context diff-filter= find-renames find-renames= find-copies',
  'no-renames relative relative= no-prefix src-prefix= dst-prefix= full-index binary text exit-code quiet',
  'merge-base minimal patience histogram diff-algorithm= no-ext-diff no-textconv no-notes notes patch-with-stat',
  'cc count numbered email root no-commit-id objects show-notes',
].join(' ');

const history = options({ also: HISTORY_SHORT, long: HISTORY_LONG });

/** With words that are no options only where these make it a listing. */
const listing =
  (also: RegExp, long: string, marks: readonly string[]): ArgumentRule =>
  (args) =>
    options({
      also,
      long,
      operands: (words) => words.length === 0 || marks.some((mark) => args.includes(mark)),
    })(args);

const SELECTED = 'contains no-contains merged no-merged points-at';
const MARKS = SELECTED.split(' ').map((name) => `--${name}`);

const under =
  (name: string, rule: ArgumentRule): ArgumentRule =>
  ([first, ...rest]) =>
    first === name && rule(rest);
const anyOf =
  (...rules: ArgumentRule[]): ArgumentRule =>
  (args) =>
    rules.some((rule) => rule(args));

/** Subcommands of git that only read, given a configuration that runs nothing. */
export const GIT: Readonly<Record<string, ArgumentRule>> = {
  '--version': nothing,
  blame: options({
    also: /^-(?:[bcefklnstw]|[LMC].*)$/,
    long: 'porcelain line-porcelain date= show-email show-name root abbrev= since=',
  }),
  branch: listing(
    /^-[arv]+$/,
    `list all remotes verbose show-current sort= no-color ignore-case ${SELECTED}`,
    ['--list', ...MARKS],
  ),
  'cat-file': ([what = '', ...objects]) =>
    /^-[ptse]$/.test(what) && objects.length === 1 && !objects[0]?.startsWith('-'),
  'check-attr': options({ flags: 'az', long: 'all' }),
  'check-ignore': options({ flags: 'qvnz', long: 'quiet verbose non-matching no-index' }),
  config: ([what = '', ...names]) =>
    /^(?:--get|--get-all|--get-regexp|--list|-l)$/.test(what) && names.every((name) => /^[^-]/.test(name)),
  'count-objects': options({ flags: 'vH', long: 'verbose human-readable' }),
  describe: options({
    long: 'tags all always long abbrev= contains match= exclude= exact-match first-parent candidates=',
  }),
  diff: history,
  'diff-tree': history,
  'for-each-ref': options({
    long: `count= sort= format= ignore-case ${SELECTED}`,
  }),
  grep: options({
    flags: 'aceEFGhHiIlLnopPqrvwWz',
    valued: 'ABCefm',
    long: 'cached untracked no-index ignore-case word-regexp invert-match line-number column files-with-matches files-without-match name-only count only-matching extended-regexp fixed-strings perl-regexp context= after-context= before-context= max-depth= max-count= show-function function-context and or not all-match heading break full-name no-color color= quiet text no-textconv',
  }),
  log: history,
  'ls-files': options({
    flags: 'cdmoiskuvtz',
    long: 'cached deleted modified others ignored stage unmerged killed exclude-standard exclude= full-name directory error-unmatch',
  }),
  'ls-tree': options({ flags: 'rdtlz', long: 'name-only name-status full-name full-tree long abbrev' }),
  'merge-base': options({ flags: 'a', long: 'all is-ancestor fork-point octopus independent' }),
  'name-rev': options({ long: 'name-only tags refs= always no-undefined' }),
  // Its differences could not be told to leave programs of the repository alone.
  reflog: options({
    also: /^-(?:\d+|n\d*)$/,
    long: 'oneline format= pretty= date= max-count= since= all',
    operands: ([first]) => !/^(?:expire|delete|drop|write|exists|list)$/.test(first ?? ''),
  }),
  remote: anyOf(only(/^(?:-v|--verbose)$/), under('get-url', options({ long: 'all push' }))),
  'rev-list': history,
  'rev-parse': options({
    flags: 'q',
    long: 'abbrev-ref abbrev-ref= verify quiet short short= show-toplevel show-prefix show-cdup git-dir absolute-git-dir git-common-dir is-inside-work-tree is-inside-git-dir is-bare-repository is-shallow-repository symbolic-full-name symbolic all branches tags remotes',
  }),
  shortlog: options({ flags: 'snec', also: HISTORY_SHORT, long: HISTORY_LONG }),
  show: history,
  'show-ref': options({
    flags: 'dsq',
    long: 'heads tags head hash hash= dereference verify quiet abbrev abbrev=',
  }),
  stash: under('list', nothing),
  // No -v: it shows differences as the repository wants them shown.
  status: options({
    flags: 'sbz',
    also: /^-u(?:no|normal|all)?$/,
    long: 'short branch porcelain porcelain= long untracked-files untracked-files= ignored ignored= show-stash ahead-behind no-ahead-behind renames no-renames no-column',
  }),
  'symbolic-ref': options({ flags: 'q', long: 'short quiet', operands: (words) => words.length === 1 }),
  tag: listing(/^-(?:l|n\d*)$/, `list sort= ignore-case ${SELECTED}`, ['-l', '--list', ...MARKS]),
  version: nothing,
  whatchanged: history,
  worktree: under('list', options({ flags: 'v', long: 'porcelain verbose' })),
};

const OWN_DIFFERENCES = ['--no-ext-diff', '--no-textconv'];

/** What a subcommand is told besides, since no configuration can say it. */
export const GIT_ADDED: Readonly<Record<string, readonly string[]>> = {
  blame: ['--no-textconv'],
  diff: [...OWN_DIFFERENCES, '--ignore-submodules=dirty'],
  'diff-tree': OWN_DIFFERENCES,
  log: OWN_DIFFERENCES,
  show: OWN_DIFFERENCES,
  status: ['--ignore-submodules=dirty'],
  whatchanged: OWN_DIFFERENCES,
};
