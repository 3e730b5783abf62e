import type { CloseStack } from '../../close-stack.ts';

export interface DrainFlag {
  raised(): boolean;
  /** Pushed last, so raised first: from then on no new work is taken. */
  raiseOnClose(stack: CloseStack): void;
}

export function createDrainFlag(): DrainFlag {
  let raised = false;
  return {
    raised: () => raised,
    raiseOnClose: (stack) =>
      stack.push('drain flag', () => {
        raised = true;
      }),
  };
}
