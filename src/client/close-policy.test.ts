import { describe, expect, it } from 'vitest';
import { closePolicy, refusalPolicy } from './close-policy.ts';

describe('the policy for close codes', () => {
  it.each([1000, 1001, 1006, 1009, 1011, 4008, 4010, 4012, 4013, 4014])('resumes after %i', (code) => {
    expect(closePolicy(code, 0).action).toBe('resume');
  });

  it('returns to a draining server within two seconds, however often it drained before', () => {
    expect(closePolicy(4001, 9)).toEqual({
      action: 'resume',
      minDelayMs: 0,
      maxDelayMs: 2000,
      forgetCursor: false,
    });
  });

  it('backs off further with each attempt, up to ten seconds', () => {
    const ceilings = [0, 1, 2, 5, 50].map((attempt) => {
      const policy = closePolicy(1006, attempt);
      return policy.action === 'resume' ? policy.maxDelayMs : -1;
    });
    expect(ceilings).toEqual([250, 500, 1000, 8000, 10_000]);
  });

  it('asks for a snapshot when the server lacks the state for a resume', () => {
    expect(closePolicy(4010, 0)).toMatchObject({ forgetCursor: true });
    expect(closePolicy(4008, 0)).toMatchObject({ forgetCursor: false });
  });

  it('gives an overloaded server at least two seconds', () => {
    expect(closePolicy(4014, 0)).toMatchObject({ minDelayMs: 2000, maxDelayMs: 4000 });
  });

  it('renews the token in class 41xx', () => {
    expect(closePolicy(4101, 3)).toEqual({ action: 'renew_token' });
  });

  it.each([4200, 4202, 4203, 4204, 4206, 4299])('is final after %i and says why', (code) => {
    const policy = closePolicy(code, 0);
    expect(policy.action === 'give_up' && policy.reason.length > 0).toBe(true);
  });
});

describe('the policy for refused upgrades', () => {
  it('renews the token on 401', () => {
    expect(refusalPolicy(401, 0, '')).toEqual({ action: 'renew_token' });
  });

  it.each([429, 500, 503])('waits and tries again on %i', (status) => {
    expect(refusalPolicy(status, 0, '')).toMatchObject({ action: 'resume', minDelayMs: 2000 });
  });

  it.each([400, 403, 404])('is final on %i, in the words of the server', (status) => {
    expect(refusalPolicy(status, 0, 'session not found')).toEqual({
      action: 'give_up',
      reason: 'session not found',
    });
  });
});
