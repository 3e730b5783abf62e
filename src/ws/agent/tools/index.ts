import { bashTool } from './bash.ts';
import { editTool } from './edit.ts';
import { globTool } from './glob.ts';
import { grepTool } from './grep.ts';
import { jobKillTool } from './job-kill.ts';
import { jobOutputTool } from './job-output.ts';
import { lsTool } from './ls.ts';
import { multieditTool } from './multiedit.ts';
import { todosTool } from './todos.ts';
import type { Tool } from './tool.ts';
import { viewTool } from './view.ts';
import { writeTool } from './write.ts';

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
