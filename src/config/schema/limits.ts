import { z } from 'zod';
import { wholeNumber } from './fields.ts';

const MAX = 1_000_000;

export const LimitsSection = z.strictObject({
  user_running_turns: wholeNumber(1, 10_000)
    .default(10)
    .describe('turns of one user at once, over all servers'),
  user_queued_turns: wholeNumber(1, MAX)
    .default(100)
    .describe('prompts of one user that wait, over all sessions'),
  user_projects: wholeNumber(1, MAX).default(500).describe('projects of one user'),
  user_sessions: wholeNumber(1, MAX).default(10_000).describe('sessions of one user'),
  user_jobs: wholeNumber(1, 10_000)
    .default(50)
    .describe('commands of one user in the background, per process'),
  user_tokens_per_day: wholeNumber(0, 1_000_000_000_000)
    .optional()
    .describe(
      "tokens, sent and answered, that one user may take of the operator's models in a day (UTC); 0: no limit; to be chosen where strangers may register beyond loopback",
    ),
  registrations_per_address: wholeNumber(1, MAX)
    .default(20)
    .describe('attempts to make an account from one address in an hour; IPv6: from one /64'),
  registrations: wholeNumber(1, MAX).default(500).describe('attempts to make an account in an hour, in all'),
  user_frontends: wholeNumber(0, 100)
    .default(8)
    .describe('start commands of projects of one user that are kept running, per process; 0: none'),
  user_terminals: wholeNumber(0, 100).default(8).describe('terminals of one user, per process; 0: none'),
});
