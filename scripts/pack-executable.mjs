// Turns the bundle given as the first argument into the executable given as the second.
//
// V8 takes longer to compile the bundle than to run a small command. The executable therefore compiles the bundle,
// which lies beside it so that its text is in memory once, with a code cache. A cache of another Node version is
// refused by V8, and the bundle is then compiled as usual. The bundle keeps its lines and columns, and of its source
// map, which lies beside it too, what concerns our own sources.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Script } from 'node:vm';
import { ownSourceMap } from './own-source-map.mjs';

/** As long as `import`, so that no column moves. */
const IMPORT = '__load';
const PREFIX = `(function (exports, require, module, __filename, __dirname, ${IMPORT}) {`;

const LAUNCHER = `#!/usr/bin/env node
'use strict';
const { existsSync, readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const cache = __filename + '.cache';
new Script(readFileSync(__filename + '.bundle', 'latin1'), {
  filename: __filename,
  columnOffset: ${-PREFIX.length},
  cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
}).runInThisContext()(exports, require, module, __filename, __dirname, (name) => import(name));
`;

const [bundlePath, executablePath] = process.argv.slice(2);
const bundle = readFileSync(bundlePath, 'utf8')
  .replace(/^#!.*\n/, '')
  // Built-in modules are all that is left to import, and a script run from its cache has no loader for them.
  .replace(/(?<![\w$.])import\(/g, `${IMPORT}(`)
  .replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
  // What esbuild leaves unescaped stands in regular expressions, which know the same escapes as strings.
  .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const source = `${PREFIX}${bundle}\n})`;
writeFileSync(executablePath, LAUNCHER);
writeFileSync(`${executablePath}.bundle`, source);
chmodSync(executablePath, 0o755);

const filename = resolve(executablePath);
const script = new Script(source, { filename, columnOffset: -PREFIX.length });
process.argv = [process.execPath, filename, '--version'];
script.runInThisContext()({}, createRequire(filename), {}, filename, resolve(filename, '..'));
writeFileSync(`${executablePath}.cache`, script.createCachedData());
writeFileSync(`${executablePath}.map`, ownSourceMap(readFileSync(`${bundlePath}.map`, 'utf8')));
