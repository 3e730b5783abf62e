import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import type { ModelView, ProviderView } from '../protocol/views/provider.ts';
import type { Catalogue, ModelInfo } from './provider.ts';
import { toModelView, toProviderView } from './wire.ts';

/** The catalogue as the calling user sees it. */
export async function listProviders(
  deps: { catalogue: Catalogue },
  ctx: Context<'credentials'>,
): Promise<ProviderView[]> {
  const own = ctx.actor.kind === 'user' ? await ctx.repositories.credentials.list(ctx.actor.userId) : [];
  const stored = new Set(own.map(({ provider }) => provider));
  return deps.catalogue.list().map((provider) => toProviderView(provider, stored.has(provider.id)));
}

/** Throws `not_found` for an unknown provider. */
export function listModels(deps: { catalogue: Catalogue }, providerId: string): ModelView[] {
  const models: ModelInfo[] | undefined = deps.catalogue.provider(providerId)?.models;
  if (!models) throw notFound('Provider');
  return models.map(toModelView);
}
