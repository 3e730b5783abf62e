import type { ToolCall } from './tool-call.ts';

export type ToolCallChange = Partial<
  Pick<
    ToolCall,
    'status' | 'input' | 'result' | 'isError' | 'errorMessage' | 'startedAt' | 'finishedAt' | 'messageId'
  >
>;

export interface ToolCallRepository {
  insertMany(calls: ToolCall[]): Promise<void>;
  get(id: string): Promise<ToolCall | null>;
  update(id: string, change: ToolCallChange, now: number): Promise<void>;
  /** In order of creation. */
  list(sessionId: string): Promise<ToolCall[]>;
  /** The last ones before `before`, in order, as many as have `maxBytes` in sum, but at least one. */
  page(
    sessionId: string,
    page: { limit: number; maxBytes: number; before?: string },
  ): Promise<{ calls: ToolCall[]; more: boolean }>;
  listOpen(sessionId: string): Promise<ToolCall[]>;
  listByTurn(turnId: string): Promise<ToolCall[]>;
}
