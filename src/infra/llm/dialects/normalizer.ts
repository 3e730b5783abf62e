import type { Usage } from '#domain/provider/index.ts';

/**
 * Reads one answer: takes each payload as the provider sent it and emits what the package's strict schema takes,
 * nothing else. Odd values in fields that nobody needs are left out, the rest is brought into one form.
 */
export interface AnswerNormalizer {
  /** One payload. Throws `ReportedError` for an error of the provider, `ModelFailure` for what is no JSON. */
  payload(json: string, event: string): void;
  /** The provider said that nothing will follow. */
  done(): void;
  /** Nothing follows, whoever decided that: emits what is still needed to conclude the answer. */
  end(): void;
  phase(): AnswerPhase;
  /** False while nothing was seen that belongs to a model's answer. */
  isAnswer(): boolean;
}

/** `finished`: the reason of the end is known, only figures may follow. `done`: nothing will follow. */
export type AnswerPhase = 'open' | 'finished' | 'done';

export type Emit = (payload: object) => void;
export type CreateNormalizer = (emit: Emit) => AnswerNormalizer;

/** What travels beside a payload, past the package, which knows no place for it. */
export interface SideFacts {
  usage?: Usage;
  /** Reasoning details of OpenRouter, each as it came. */
  reasoningDetails?: unknown[];
  /** Whatever came with a tool call and has to go back with it, by the call's id. */
  callExtras?: Record<string, unknown>;
}

export const SIDE_KEY = 'side_facts';

export function sideFactsOf(payload: unknown): SideFacts | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const facts: unknown = Reflect.get(payload, SIDE_KEY);
  return typeof facts === 'object' ? (facts as SideFacts | null) : null;
}
