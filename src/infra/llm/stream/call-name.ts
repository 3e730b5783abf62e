/** The declared tool that a model meant; what it said, without blanks, when there is none. */
export function resolveToolName(said: string, declared: ReadonlySet<string>): string {
  const name = said.trim();
  if (declared.has(name)) return name;
  const [bare = ''] = name.split('<|', 1);
  const candidates = [bare.trim(), bare.slice(bare.lastIndexOf('.') + 1).trim(), name.toLowerCase()];
  return candidates.find((candidate) => declared.has(candidate)) ?? name;
}
