import { auth } from './auth.ts';
import { description } from './common/description.ts';
import type { Endpoint } from './endpoint.ts';
import { files } from './files.ts';
import { frontends } from './frontends.ts';
import { history } from './history.ts';
import { previews } from './previews.ts';
import { projects } from './projects.ts';
import { providers } from './providers.ts';
import { sessions } from './sessions.ts';
import { system } from './system.ts';
import { turns } from './turns.ts';

/** The whole REST API by resource. */
export const API = {
  system,
  description,
  auth,
  projects,
  previews,
  frontends,
  sessions,
  turns,
  history,
  files,
  providers,
} as const;

/** Every endpoint once. */
export const ENDPOINTS: readonly Endpoint[] = Object.values(API).flatMap((group) =>
  Object.values<Endpoint>(group),
);
