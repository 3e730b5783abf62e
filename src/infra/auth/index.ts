export { createAuthenticator } from './authenticator.ts';
export { createLoginThrottle } from './login-throttle.ts';
export { createPasswordHasher } from './password-hasher.ts';
export { createPreviewSigner } from './preview-signer.ts';
export * from './registration-throttle.ts';
export { createSecretBox } from './secret-box.ts';
export { createTokenSigner } from './token-signer.ts';
