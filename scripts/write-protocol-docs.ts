import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { protocolMarkdown } from './protocol-markdown.ts';

writeFileSync(join(import.meta.dirname, '../docs/protocol.md'), protocolMarkdown());
