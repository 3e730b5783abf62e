/** Of one page of messages, about; the message that exceeds them comes alone. */
export const MAX_PAGE_CHARS = 4 * 1024 * 1024;
