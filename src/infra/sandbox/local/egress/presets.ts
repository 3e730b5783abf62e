/** The public registries of ecosystems, as `sandbox.network.allow` may name them. */
export const ALLOW_PRESETS: Readonly<Record<string, readonly string[]>> = {
  npm: ['registry.npmjs.org:443', 'registry.yarnpkg.com:443'],
  pypi: ['pypi.org:443', 'files.pythonhosted.org:443'],
  crates: ['crates.io:443', 'index.crates.io:443', 'static.crates.io:443'],
  go: ['proxy.golang.org:443', 'sum.golang.org:443'],
  debian: ['deb.debian.org', 'security.debian.org'],
};
