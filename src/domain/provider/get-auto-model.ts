import { notFound } from '../errors.ts';
import type { AutoModelView } from '../protocol/views/provider.ts';
import type { AutoModel } from './resolve-model.ts';

/** What sessions without a choice of their own use. Throws `not_found` when the operator set none. */
export function getAutoModel(deps: { autoModel: AutoModel | null }): AutoModelView {
  if (!deps.autoModel) throw notFound('Auto model');
  return { provider: deps.autoModel.provider, model: deps.autoModel.model, configured: true };
}
