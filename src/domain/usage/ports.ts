export interface UsageRepository {
  /** Adds to what the user has taken of the operator's models on this day, and tells the sum. */
  addTokens(userId: string, day: number, tokens: number): Promise<number>;
  tokensOf(userId: string, day: number): Promise<number>;
}
