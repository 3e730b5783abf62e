import type { AnyContext } from '#domain/create-context.ts';
import type {
  LanguageModel,
  ModelPart,
  ModelRequest,
  ModelSelection,
  Usage,
} from '#domain/provider/index.ts';
import { dayOf, endOfDay } from '#domain/usage/index.ts';
import type { Clock } from '#shared/clock.ts';
import { estimateTokens } from './context-size.ts';

/** Counts what a turn takes of the operator's models against its user's share of the day. */
export interface TokenMeter {
  /** A sentence for the user when the share is used up; else null. */
  refusal(): string | null;
  /** The same model; what its answers took is counted. */
  measured(model: Pick<LanguageModel, 'stream'>): Pick<LanguageModel, 'stream'>;
  /** `charge` stores within a transaction of the work what has been counted so far. */
  settling<T>(work: (charge: (tx: AnyContext) => Promise<void>) => Promise<T>): Promise<T>;
  /** Stores what no transaction of the turn has taken along. */
  flush(): Promise<void>;
}

export interface TokenMeterDeps {
  /** Not the turn's own: what was used is used, whoever runs the session now. */
  ctx: AnyContext;
  clock: Clock;
  /** Of one user and day. */
  tokensPerDay: number;
}

/** Null where nothing is counted: without a limit, and for whoever brings a key. */
export async function openTokenMeter(
  deps: Omit<TokenMeterDeps, 'tokensPerDay'> & { tokensPerDay: number | null },
  userId: string,
  selection: ModelSelection,
): Promise<TokenMeter | null> {
  const { tokensPerDay } = deps;
  if (tokensPerDay === null || !selection.operatorPays) return null;
  const day = dayOf(deps.clock.now());
  return createTokenMeter({ ...deps, tokensPerDay }, userId, {
    day,
    tokens: await deps.ctx.repositories.usage.tokensOf(userId, day),
  });
}

function createTokenMeter(
  { ctx, clock, tokensPerDay }: TokenMeterDeps,
  userId: string,
  stored: { day: number; tokens: number },
): TokenMeter {
  let known = stored;
  let unsettled = 0;
  /** Part of a transaction that has not ended yet. */
  let settlingTokens = 0;

  async function settling<T>(work: (charge: (tx: AnyContext) => Promise<void>) => Promise<T>): Promise<T> {
    const amount = unsettled;
    unsettled = 0;
    settlingTokens += amount;
    let stored: { day: number; tokens: number } | null = null;
    try {
      const result = await work(async (tx) => {
        if (amount === 0) return;
        const day = dayOf(clock.now());
        stored = { day, tokens: await tx.repositories.usage.addTokens(userId, day, amount) };
      });
      if (stored === null) unsettled += amount;
      else known = stored;
      return result;
    } catch (error) {
      unsettled += amount;
      throw error;
    } finally {
      settlingTokens -= amount;
    }
  }

  return {
    refusal() {
      const day = dayOf(clock.now());
      const used = (known.day === day ? known.tokens : 0) + unsettled + settlingTokens;
      if (used < tokensPerDay) return null;
      const until = new Date(endOfDay(day)).toISOString().slice(0, 10);
      return `Your share of the operator's model for today is used up (${tokensPerDay} tokens); add your own key or wait until ${until} 00:00 UTC.`;
    },
    measured: (model) => ({
      stream: (request, signal) =>
        measure(model.stream(request, signal), request, (tokens) => {
          unsettled += tokens;
        }),
    }),
    settling,
    async flush() {
      if (unsettled > 0) await settling((charge) => ctx.transaction((tx) => charge(tx as AnyContext)));
    },
  };
}

/** Counts once, at the end of the answer, however that comes; an answer that was left early by what it had until then. */
function measure(
  parts: AsyncIterable<ModelPart>,
  request: ModelRequest,
  count: (tokens: number) => void,
): AsyncIterable<ModelPart> {
  return {
    [Symbol.asyncIterator]() {
      const inner = parts[Symbol.asyncIterator]();
      let reported = 0;
      let chars = 0;
      let isCounted = false;
      const end = (own: () => number) => {
        if (!isCounted) count(reported + own());
        isCounted = true;
      };
      const estimate = () => estimateTokens(charsOf(request.messages) + charsOf(request.tools) + chars);
      const look = (next: IteratorResult<ModelPart>) => {
        if (next.done) end(estimate);
        else if (next.value.type === 'finish') {
          const { usage, stopReason } = next.value;
          // A provider that refused the request has done nothing.
          const isRefused = stopReason === 'error' && chars === 0;
          end(() => totalOf(usage) || (isRefused ? 0 : estimate()));
        } else if (next.value.type === 'restart')
          reported += next.value.usage ? totalOf(next.value.usage) : 0;
        else chars += charsOf(next.value);
        return next;
      };
      return {
        next: () =>
          inner.next().then(look, (error: unknown) => {
            end(estimate);
            throw error;
          }),
        async return(value?: unknown) {
          end(estimate);
          await inner.return?.(value);
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** Characters of all texts in a value; bytes of images are none. */
function charsOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0;
  let chars = 0;
  for (const inner of Object.values(value)) chars += charsOf(inner);
  return chars;
}

function totalOf({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
}
