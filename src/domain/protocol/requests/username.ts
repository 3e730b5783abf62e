import { z } from 'zod';

/** Which scripts may stand beside each other in one name: "highly restrictive" of Unicode (UTS #39, 5.2). */
const WRITTEN_TOGETHER = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];

/** The recommended scripts (UAX #31, table 5) that are written alone. */
const WRITTEN_ALONE = [
  'Arabic',
  'Armenian',
  'Bengali',
  'Cyrillic',
  'Devanagari',
  'Ethiopic',
  'Georgian',
  'Greek',
  'Gujarati',
  'Gurmukhi',
  'Hebrew',
  'Kannada',
  'Khmer',
  'Lao',
  'Malayalam',
  'Myanmar',
  'Oriya',
  'Sinhala',
  'Tamil',
  'Telugu',
  'Thaana',
  'Thai',
  'Tibetan',
];

const ALLOWED = [...WRITTEN_TOGETHER, ...WRITTEN_ALONE.map((script) => [script])].map((scripts) => {
  const letters = scripts.map((script) => `\\p{Script_Extensions=${script}}`).join('');
  return new RegExp(`^[${letters}\\p{Script=Common}\\p{Script=Inherited}]*$`, 'u');
});

/** Letters of one language's scripts only, so that no name passes for another by a foreign letter. */
function isOfOneScript(text: string): boolean {
  return ALLOWED.some((pattern) => pattern.test(text));
}

export const Username = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .meta({ examples: ['ada'] })
  .transform((name) => name.normalize('NFKC'))
  .pipe(
    z
      .string()
      .max(64)
      .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, 'letters, digits, dot, dash and underscore only')
      .refine(isOfOneScript, 'letters of different scripts in one name'),
  );
