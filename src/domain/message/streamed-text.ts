import type { Cursor, EventLog } from '../events/event-log.ts';
import { parseCursor } from '../events/event-log.ts';
import { applyDelta } from '../protocol/apply-delta.ts';
import type { SessionFrame } from '../protocol/session-frames.ts';
import type { Message, MessagePart } from './message.ts';

/** Where the announcement of a message that was just begun is looked for first. */
const NEAR_EVENTS = 256;
const PAGE = 500;
const PREFIXES = ['{"Type":"stream_delta"', '{"Type":"message"'];

/**
 * `proven`: the parts hold all of the message up to the position. `silent`: the log's epoch has nothing of this
 * message, so the row stands as it is. `torn`: deltas are there, and something before them is not.
 */
export type Evidence = 'proven' | 'silent' | 'torn';

export interface StreamedMessage {
  message: Message;
  evidence: Evidence;
}

export interface StreamedText {
  /** At least the position that was asked for; a row may be newer. */
  position: Cursor;
  messages: StreamedMessage[];
}

export interface StreamedTextInput {
  sessionId: string;
  position: Cursor;
  /** Unfinished ones. */
  messages: readonly Message[];
  /** Further back the log is not read. */
  maxEvents: number;
  maxChars: number;
}

/** What is known of a message as of `seq`; null parts before a state is found that later deltas fit on. */
interface Progress {
  parts: MessagePart[] | null;
  seq: number;
  /** The whole epoch was read and has no event of this message. */
  isSilent: boolean;
}

/**
 * Brings rows, which lag behind the stream, up to a position. A row that is stamped in the log's epoch is a
 * state to go on from, and so is a `message` event; a row with another stamp or none says nothing about the
 * deltas that it lacks. Null when the epoch has changed meanwhile.
 */
export async function addStreamedText(
  log: Pick<EventLog, 'read'>,
  input: StreamedTextInput,
): Promise<StreamedText | null> {
  const { position, messages } = input;
  const known = messages.map((message) => stampOf(message, position.epoch));
  const end = Math.max(position.seq, ...known.map((seq) => seq ?? 0));
  const reached = { epoch: position.epoch, seq: end };
  const replay = (from: number) =>
    replayEvents(log, input, { from: Math.max(from, end - input.maxEvents, 0), end });

  const stamped = Math.min(end, ...known.flatMap((seq) => seq ?? []));
  const starts = known.includes(null)
    ? [Math.min(stamped, end - NEAR_EVENTS), end - input.maxEvents, stamped]
    : [stamped];
  let found: StreamedMessage[] = messages.map((message, at) => ({
    message,
    evidence: known[at] === end ? 'proven' : 'torn',
  }));
  for (const start of starts) {
    if (found.every(({ evidence }) => evidence !== 'torn')) break;
    const progress = await replay(start);
    if (progress === 'other_epoch') return null;
    if (progress) found = merge(found, progress);
  }
  return { position: reached, messages: found };
}

/** The position that a row is stamped with; null when that is none of this epoch. */
function stampOf(message: Message, epoch: string): number | null {
  const applied = parseCursor(message.appliedCursor);
  return applied?.epoch === epoch ? applied.seq : null;
}

function merge(before: readonly StreamedMessage[], progress: ReadonlyMap<string, Progress>) {
  return before.map((entry): StreamedMessage => {
    const found = progress.get(entry.message.id);
    if (!found || entry.evidence === 'proven') return entry;
    if (found.isSilent) return { ...entry, evidence: 'silent' };
    return found.parts ? { message: { ...entry.message, parts: found.parts }, evidence: 'proven' } : entry;
  });
}

/** Null when the events are gone or too large. */
async function replayEvents(
  log: Pick<EventLog, 'read'>,
  { sessionId, position, messages, maxChars }: StreamedTextInput,
  range: { from: number; end: number },
): Promise<Map<string, Progress> | null | 'other_epoch'> {
  const progress = new Map<string, Progress>();
  for (const message of messages) {
    const seq = stampOf(message, position.epoch);
    const isInReach = seq !== null && seq >= range.from;
    const isSilent = seq === null && range.from === 0;
    progress.set(message.id, { parts: isInReach ? message.parts : null, seq: seq ?? 0, isSilent });
  }
  let chars = 0;
  for (let seq = range.from; seq < range.end; ) {
    const page = await log.read(sessionId, { epoch: position.epoch, seq }, Math.min(PAGE, range.end - seq));
    if (!page.ok) return page.reason === 'trimmed' ? null : 'other_epoch';
    if (page.events.length === 0) return null;
    for (const { cursor, body } of page.events) {
      seq = cursor.seq;
      chars += body.length;
      apply(progress, seq, body);
    }
    if (chars > maxChars) return null;
  }
  return progress;
}

function apply(progress: Map<string, Progress>, seq: number, body: string): void {
  if (!PREFIXES.some((prefix) => body.startsWith(prefix))) return;
  const id = [...progress.keys()].find((key) => body.includes(key));
  if (id === undefined) return;
  const frame = JSON.parse(body) as SessionFrame;
  const target = frame.Type === 'message' ? frame.ID : frame.Type === 'stream_delta' ? frame.message_id : '';
  const before = progress.get(target);
  if (!before || seq <= before.seq) return;
  const isSilent = false;
  if (frame.Type === 'message') progress.set(target, { parts: frame.Parts, seq, isSilent });
  else if (frame.Type === 'stream_delta') {
    progress.set(target, { parts: before.parts && applyDelta(before.parts, frame), seq, isSilent });
  }
}
