import { editTool } from './files/edit.ts';
import { multieditTool } from './files/multiedit.ts';
import { viewTool } from './files/view.ts';
import { writeTool } from './files/write.ts';
import { todosTool } from './planning/todos.ts';
import { globTool } from './search/glob.ts';
import { grepTool } from './search/grep.ts';
import { lsTool } from './search/ls.ts';
import { bashTool } from './shell/bash.ts';
import { jobKillTool } from './shell/job-kill.ts';
import { jobOutputTool } from './shell/job-output.ts';
import type { Tool } from './tool.ts';

/** Sorted by name, as the model sees them. */
export function builtInTools(): Tool[] {
  const tools = [
    bashTool,
    editTool,
    globTool,
    grepTool,
    jobKillTool,
    jobOutputTool,
    lsTool,
    multieditTool,
    todosTool,
    viewTool,
    writeTool,
  ];
  return tools.sort((a, b) => (a.name < b.name ? -1 : 1));
}
