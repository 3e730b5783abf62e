import { z } from 'zod';

export const UserView = z
  .object({ id: z.string(), username: z.string(), email: z.string(), avatar_url: z.string().optional() })
  .meta({ id: 'User' });
export type UserView = z.infer<typeof UserView>;
