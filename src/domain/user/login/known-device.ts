import { sha256 } from '#shared/digest.ts';
import type { Context } from '../../context.ts';

/** How long a device is remembered after it was last used. */
const REMEMBERED_MS = 90 * 24 * 3_600_000;

interface Device {
  /** The e-mail address. */
  account: string;
  network: string;
}

/** What is stored of where a login came from. */
export function deviceOf({ account, network }: Device): string {
  return sha256(`${network} ${account}`);
}

/** Whether the account has been used from this network. Costs the same for an address that nobody has. */
export function isKnownDevice(ctx: Context<'logins'>, device: Device): Promise<boolean> {
  const since = ctx.clock.now() - REMEMBERED_MS;
  return ctx.repositories.logins.isKnownDevice({ email: device.account, device: deviceOf(device), since });
}
