import type { Config } from '#config/load.ts';
import { registrationOf, tokensPerDayOf } from '../platform/exposure.ts';
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
    `  Accounts   ${accounts(config)}`,
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

/** Who may come, and how much of the operator's models each one may take. */
function accounts(config: Config): string {
  const share = tokensPerDayOf(config);
  const limit = share === null ? 'no limit' : `${share} tokens`;
  return `registration ${registrationOf(config)}, ${limit} per user and day on the operator's models (auth.registration, limits.user_tokens_per_day)`;
}
