import { isIP } from 'node:net';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { truncate } from '#shared/text.ts';
import { ALLOW_PRESETS } from './presets.ts';
import { parseTarget, type Target } from './target.ts';

export interface Allowlist {
  /** Why a target is refused, or null. */
  refusalOf(target: Target): string | null;
}

const DEFAULT_PORTS = [80, 443];
const HAS_PORT = /:\d+$/;
const WILDCARD = '*.';

/**
 * `host:port` for one name or address, `*.host:port` for the names below one; without a port 80 and 443. An address
 * that is listed as such may be private, because the operator wrote it down; the name of a preset is what that holds.
 * Throws for what is none of these.
 */
export function createAllowlist(patterns: readonly string[]): Allowlist {
  const exact = new Set<string>();
  const below = new Set<string>();
  for (const pattern of patterns.flatMap((entry) => presetOf(entry) ?? [entry])) {
    const isWildcard = pattern.startsWith(WILDCARD);
    for (const { host, port } of targetsOf(pattern, isWildcard)) {
      (isWildcard ? below : exact).add(`${host} ${port}`);
    }
  }

  function isBelow({ host, port }: Target): boolean {
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      if (below.has(`${host.slice(dot + 1)} ${port}`)) return true;
    }
    return false;
  }

  return {
    refusalOf(target) {
      if (exact.has(`${target.host} ${target.port}`)) return null;
      if (isIP(target.host) !== 0) return 'the address is not on the allowlist';
      return isBelow(target) ? null : 'the host and port are not on the allowlist';
    },
  };
}

function presetOf(name: string): readonly string[] | undefined {
  return Object.hasOwn(ALLOW_PRESETS, name) ? ALLOW_PRESETS[name] : undefined;
}

function targetsOf(pattern: string, isWildcard: boolean): Target[] {
  const rest = isWildcard ? pattern.slice(WILDCARD.length) : pattern;
  const ports = HAS_PORT.test(rest) && !rest.endsWith(']') ? [null] : DEFAULT_PORTS;
  return ports.map((port) => {
    const parsed = parseTarget(rest, port);
    if (!parsed.ok) throw invalid(pattern, parsed.reason);
    const { host } = parsed.target;
    if (isWildcard && (isIP(host) !== 0 || !host.includes('.'))) {
      throw invalid(pattern, 'a wildcard stands before a name of two or more parts');
    }
    return parsed.target;
  });
}

function invalid(pattern: string, reason: string): WorkspaceError {
  const text = JSON.stringify(truncate(pattern, 100));
  return new WorkspaceError(
    'unavailable',
    `sandbox.network.allow: ${text}: ${reason} (use host:port or *.host:port)`,
  );
}
