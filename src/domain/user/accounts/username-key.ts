/**
 * Letters of other scripts that look like Latin ones, in lower case. Whole-script confusables of Unicode's
 * confusables.txt (UTS #39), as far as letters go that a name may hold.
 */
const LOOKALIKES: Readonly<Record<string, string>> = {
  // Cyrillic
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  ё: 'e',
  ԍ: 'g',
  һ: 'h',
  н: 'h',
  і: 'i',
  ї: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  п: 'n',
  о: 'o',
  ө: 'o',
  р: 'p',
  ԛ: 'q',
  г: 'r',
  ѕ: 's',
  т: 't',
  ц: 'u',
  ѵ: 'v',
  ԝ: 'w',
  ш: 'w',
  х: 'x',
  у: 'y',
  ү: 'y',
  ӡ: '3',
  з: '3',
  б: '6',
  // Greek
  α: 'a',
  β: 'b',
  ϲ: 'c',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  μ: 'u',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  σ: 'o',
  ς: 'c',
  τ: 't',
  υ: 'u',
  χ: 'x',
  γ: 'y',
  ω: 'w',
  ζ: 'z',
  // Armenian
  ա: 'w',
  գ: 'q',
  զ: 'q',
  հ: 'h',
  յ: 'j',
  ո: 'n',
  ս: 'u',
  ց: 'g',
  օ: 'o',
  ք: 'f',
  ռ: 'n',
  լ: 'l',
  // Latin of its own kind
  ı: 'i',
  ɑ: 'a',
  ɡ: 'g',
  ɩ: 'i',
  ʟ: 'l',
  ʏ: 'y',
  ƅ: 'b',
  ʋ: 'v',
  ꞓ: 'c',
  ǀ: 'l',
};

/** What two names share that look alike or differ in case only; unique over all accounts. */
export function usernameKey(username: string): string {
  const letters = [...username.normalize('NFKC').toLowerCase()];
  return letters
    .map((letter) => LOOKALIKES[letter] ?? letter)
    .join('')
    .normalize('NFC');
}
