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
  listOpen(sessionId: string): Promise<ToolCall[]>;
  listByTurn(turnId: string): Promise<ToolCall[]>;
}
