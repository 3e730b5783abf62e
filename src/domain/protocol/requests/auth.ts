import { z } from 'zod';
import { isCommonPassword } from './common-passwords.ts';
import { Username } from './username.ts';

/** Also without a dot in the domain, as on a private network, and in any script (RFC 6531). */
const EMAIL =
  /^(?!\.)(?!.*\.\.)(?!.*\.@)[^\s@"<>()[\],:;\\\p{C}]{1,64}@[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?(?:\.[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?)*$/u;

/** One spelling for one address: letters may be composed in two ways, and their case does not count. */
function canonicalEmail(text: string): string {
  return text.trim().normalize('NFC').toLowerCase();
}

export const EmailAddress = z
  .string()
  .trim()
  .max(254)
  .meta({ examples: ['ada@example.com'] })
  .pipe(z.string().regex(EMAIL, 'not an e-mail address'))
  .transform(canonicalEmail);

const MAX_PASSWORD_LENGTH = 1024;

export const NewPassword = z
  .string()
  .min(8, 'at least 8 characters')
  .max(MAX_PASSWORD_LENGTH, `at most ${MAX_PASSWORD_LENGTH} characters`)
  .refine((password) => !isCommonPassword(password), 'too common, choose another one')
  .meta({ examples: ['a long and quiet sentence'] });

export const RegisterRequest = z
  .object({ username: Username, email: EmailAddress, password: NewPassword })
  .meta({ id: 'RegisterRequest' });
export type RegisterRequest = z.infer<typeof RegisterRequest>;

/** Looser than at registration: whatever cannot exist is answered as a wrong password. */
export const LoginRequest = z
  .object({
    email: z.string().min(1).max(254).transform(canonicalEmail),
    password: z.string().min(1).max(MAX_PASSWORD_LENGTH),
  })
  .meta({ id: 'LoginRequest' });
export type LoginRequest = z.infer<typeof LoginRequest>;
