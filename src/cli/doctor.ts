import { EXIT } from '#config/errors.ts';
import type { LoadedConfig } from '#config/load.ts';
import { broken, type Check, formatChecks, isWell } from './doctor/check.ts';
import { checkConfiguration, checkDataDirectory, checkGit, checkNode } from './doctor/host-checks.ts';
import { checkSandbox } from './doctor/sandbox-checks.ts';
import { checkDatabase, checkEvents, describe } from './doctor/service-checks.ts';

/** Looks at everything that the configured servers need, prints it, and sets the exit code. */
export async function runDoctor(
  load: () => Promise<LoadedConfig>,
  options: { json: boolean },
): Promise<void> {
  const checks = [checkNode(process.versions.node), ...(await checkAll(load))];
  const ok = isWell(checks);
  process.stdout.write(options.json ? `${JSON.stringify({ ok, checks }, null, 2)}\n` : formatChecks(checks));
  process.exitCode = ok ? EXIT.ok : EXIT.failure;
}

async function checkAll(load: () => Promise<LoadedConfig>): Promise<Check[]> {
  let loaded: LoadedConfig;
  try {
    loaded = await load();
  } catch (error) {
    return [broken('configuration', describe(error))];
  }
  const { config } = loaded;
  const directory = checkDataDirectory(config.data_dir);
  const services = await Promise.all([checkDatabase(config), checkEvents(config), checkGit()]);
  // Its own directories are below the data directory.
  const sandbox = directory.ok ? await checkSandbox(config) : [];
  return [checkConfiguration(loaded), directory, ...services, ...sandbox];
}
