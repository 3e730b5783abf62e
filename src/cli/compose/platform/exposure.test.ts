import { describe, expect, it } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { requireChoices } from './exposure.ts';

function check(env: Record<string, string>) {
  return () => requireChoices(loadConfig({ env, file: '/dev/null' }).config);
}

const BEYOND = { CRUSH_SERVER__HOST: '0.0.0.0' };
const OPEN = { ...BEYOND, CRUSH_AUTH__REGISTRATION: 'open' };
const OWN_MODEL = { CRUSH_AUTO_MODEL__PROVIDER: 'openai', CRUSH_AUTO_MODEL__MODEL: 'm' };

describe('what has to be chosen', () => {
  it('is nothing on loopback', () => {
    expect(check(OWN_MODEL)).not.toThrow();
    expect(check({ CRUSH_SERVER__PUBLIC_URL: 'http://[::1]:80', ...OWN_MODEL })).not.toThrow();
  });

  it('is the registration beyond it, also behind a proxy', () => {
    const line =
      /^auth\.registration is not set, .*\(server\.host 0\.0\.0\.0\): set it to open .* or closed$/;
    expect(check(BEYOND)).toThrow(line);
    expect(check({ CRUSH_SERVER__PUBLIC_URL: 'https://crush.example.com' })).toThrow(
      /server\.public_url https/,
    );
    expect(check(OPEN)).not.toThrow();
    expect(check({ ...BEYOND, CRUSH_AUTH__REGISTRATION: 'closed' })).not.toThrow();
  });

  it('is a share of the day where strangers would use a model of the operator’s', () => {
    const key = { CRUSH_PROVIDERS__ACME__API_KEY: 'sk-secret' };
    expect(check({ ...OPEN, ...OWN_MODEL })).toThrow(
      /^limits\.user_tokens_per_day is not set, .*auto_model openai\/m/,
    );
    expect(check({ ...OPEN, ...key })).toThrow(/the key of providers\.acme/i);
    expect(check({ ...OPEN, ...key })).not.toThrow(/sk-secret/);
    for (const tokens of ['0', '100000']) {
      expect(check({ ...OPEN, ...OWN_MODEL, CRUSH_LIMITS__USER_TOKENS_PER_DAY: tokens })).not.toThrow();
    }
    expect(check({ ...BEYOND, ...OWN_MODEL, CRUSH_AUTH__REGISTRATION: 'closed' })).not.toThrow();
  });
});
