export * from './channel-wire.ts';
export * from './file-tree.ts';
export * from './git-ref-name.ts';
export * from './host-wire.ts';
export * from './ports.ts';
export * from './source-control.ts';
export * from './workspace.ts';
