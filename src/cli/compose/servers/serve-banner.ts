import type { Config } from '#config/load.ts';
import type { LocalAdminFile } from '../services/local-admin.ts';

export interface BannerFacts {
  http: string;
  ws: string;
  admin: LocalAdminFile;
  config: Config;
  driver: 'bubblewrap' | 'remote' | 'host';
}

/** What a newcomer wants to know once the server listens. */
export function serveBanner({ http, ws, admin, config, driver }: BannerFacts): string {
  const demo = config.auto_model.provider === 'demo';
  const lines = [
    'Crush is running.',
    '',
    `  HTTP API   ${http}`,
    `  WebSocket  ${ws} (also ${http.replace(/^http/, 'ws')}/ws)`,
    `  Data       ${config.data_dir}`,
    `  Sandbox    ${driver}${driver === 'host' ? ' (no isolation)' : ''}`,
    `  Model      ${config.auto_model.provider}/${config.auto_model.model}${demo ? ' (offline demo; see auto_model and providers in config.yaml)' : ''}`,
    `  Login      ${admin.email}, password in ${admin.path}`,
    '',
    '  Try, in a second terminal:',
    '    npx crush chat',
    '    › create hello.txt with hi',
    '    › run ls -la',
    '',
  ];
  return `${lines.join('\n')}\n`;
}
