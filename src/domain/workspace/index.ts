export * from './cancelled-exec.ts';
export * from './file-tree.ts';
export * from './git-ref-name.ts';
export * from './open-project-workspace.ts';
export * from './ports.ts';
export * from './read-files.ts';
export * from './source-control.ts';
export * from './workspace.ts';
