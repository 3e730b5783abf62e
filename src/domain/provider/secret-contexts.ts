/** What a sealed key is bound to: table, row, user and purpose. */
export function sessionKeyContext(sessionId: string, userId: string): string {
  return `session_model_configs|${sessionId}|${userId}|api_key`;
}

export function credentialKeyContext(userId: string, provider: string): string {
  return `provider_credentials|${provider}|${userId}|api_key`;
}
