import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limitsMarkdown } from './limits-markdown.ts';

writeFileSync(join(import.meta.dirname, '../docs/limits.md'), limitsMarkdown());
