import { describe, expect, it } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { othersOnPort, refuseSharedPorts } from './ports.ts';

function configOf(env: Record<string, string>) {
  return loadConfig({ env, file: '/dev/null' }).config;
}

describe('ports of one process', () => {
  it('are refused when two keys name the same one', () => {
    const check = (env: Record<string, string>) => () =>
      refuseSharedPorts(configOf(env), ['http_port', 'ws_port']);
    expect(check({ CRUSH_SERVER__WS_PORT: '8080' })).toThrow(
      'server.http_port and server.ws_port are both 8080',
    );
    expect(check({ CRUSH_SERVER__HTTP_PORT: '8888' })).not.toThrow();
    expect(check({ CRUSH_SERVER__HTTP_PORT: '0', CRUSH_SERVER__WS_PORT: '0' })).not.toThrow();
  });

  it('are told apart when another process may have taken one', () => {
    const others = (env: Record<string, string>) => othersOnPort(configOf(env), 'http_port');
    expect(others({})).toEqual([]);
    expect(others({ CRUSH_SERVER__SANDBOX_PORT: '8080' })).toEqual(['server.sandbox_port']);
    expect(others({ CRUSH_SERVER__HTTP_PORT: '6060', CRUSH_PROFILE: '1' })).toEqual(['profile']);
  });
});
