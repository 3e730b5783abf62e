/**
 * The promise's outcome, or what `late` returns or throws when `ms` pass first. Leaves no timer behind; what the
 * promise does after that, a rejection too, is nobody's.
 */
export async function within<T, L>(promise: Promise<T>, ms: number, late: () => L): Promise<T | L> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  const outcome = promise.then((value) => ({ value }));
  try {
    const first = await Promise.race([outcome, limit]);
    return first === 'late' ? late() : first.value;
  } finally {
    clearTimeout(timer);
  }
}
