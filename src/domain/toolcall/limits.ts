/** Inputs and results in one answer; the call that exceeds them comes alone. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;
