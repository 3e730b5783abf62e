import { z } from 'zod';
import { ProjectId, ProviderId } from '../http/common/ids.ts';
import { ReasoningEffort } from '../views/session.ts';

/** Printable characters only: a key ends up in a header. Nothing in it is expanded. */
const ApiKey = z
  .string()
  .trim()
  .max(1000)
  .regex(/^[\x21-\x7e]*$/, 'printable characters without blanks only');

/** Null stands for absent, 0 tokens and an empty effort for none. */
export const ModelConfigRequest = z
  .object({
    provider: ProviderId.min(1).max(100),
    model: z.string().trim().min(1).max(200),
    api_key: ApiKey.nullish(),
    base_url: z.string().max(2048).nullish(),
    max_tokens: z.number().int().min(0).max(10_000_000).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    reasoning_effort: z.union([ReasoningEffort, z.literal('')]).nullish(),
  })
  .meta({ id: 'ModelConfigRequest' });
export type ModelConfigRequest = z.infer<typeof ModelConfigRequest>;

const NewSession = z.object({
  project_id: ProjectId,
  title: z.string().trim().min(1).max(200),
  model_config: ModelConfigRequest.nullish(),
  is_auto: z.boolean().nullish(),
});

/** `model_config` is looked at only when `is_auto` is not set. */
export const CreateSessionRequest = z.preprocess(
  (request: z.input<typeof NewSession>) =>
    request?.is_auto === true ? { ...request, model_config: undefined } : request,
  NewSession.meta({ id: 'CreateSessionRequest' }),
);
export type CreateSessionRequest = z.infer<typeof CreateSessionRequest>;
