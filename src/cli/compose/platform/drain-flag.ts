import type { CloseStack } from '../../close-stack.ts';

/** Pushed last, so raised first: from then on no new work is taken. */
export function createDrainFlag(): { raised: () => boolean; raiseOnClose(stack: CloseStack): void } {
  let raised = false;
  return {
    raised: () => raised,
    raiseOnClose: (stack) =>
      stack.push('drain flag', () => {
        raised = true;
      }),
  };
}
