import { z } from 'zod';

export const MAX_PROMPT_IMAGES = 20;

export const ImageReference = z
  .object({
    url: z.string().max(2048),
    filename: z.string().max(255),
    mime_type: z.string().max(100),
  })
  .meta({ id: 'ImageReference' });
export type ImageReference = z.infer<typeof ImageReference>;

export const PromptRequest = z
  .object({
    content: z.string().describe('at most 1 MiB'),
    images: z.array(ImageReference).max(MAX_PROMPT_IMAGES).nullish(),
  })
  .meta({ id: 'PromptRequest' });
export type PromptRequest = z.infer<typeof PromptRequest>;

export const PermissionDecision = z.enum(['allow', 'allow_session', 'deny']);
export type PermissionDecision = z.infer<typeof PermissionDecision>;

export const DecisionRequest = z.object({ decision: PermissionDecision }).meta({ id: 'DecisionRequest' });
export type DecisionRequest = z.infer<typeof DecisionRequest>;
