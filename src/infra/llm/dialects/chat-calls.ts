import { MAX_ANSWER_CALLS } from '#domain/provider/limits.ts';
import { parseForeignJson } from '#shared/bounded-json.ts';
import { idOf, indexOf, isObject, type Json } from './json.ts';

/** One piece of a tool call, as clean as the package wants it. */
export interface CallPiece {
  index: number;
  id?: string;
  name?: string;
  text: string;
}

export interface CallTracker {
  add(source: Json): void;
  /** What is announced and has no arguments yet. */
  flush(): void;
  count(): number;
  /** What came with calls besides name and arguments, by call id. */
  extras(): Record<string, unknown>;
}

interface Call {
  index: number;
  wireIndex: number | null;
  id: string;
  /** The provider gave the id. */
  hasWireId: boolean;
  name: string;
  text: string;
  /** The package knows of it; until then its name may grow. */
  isSent: boolean;
  extra: unknown;
}

/** One more than is taken, so that whoever reads the answer sees that there are too many. */
const MAX_CALLS = MAX_ANSWER_CALLS + 1;

export const UNNAMED_TOOL = 'unnamed_tool';

/**
 * Puts the pieces of tool calls together, whichever of id, index and name a provider repeats, leaves out or
 * splits. Each call comes out with an index, an id and a whole name of its own.
 */
export function createCallTracker(emit: (piece: CallPiece) => void, newId: () => string): CallTracker {
  const calls: Call[] = [];
  const extras: Record<string, unknown> = {};

  function find(piece: Piece): Call | undefined {
    const { id, index } = piece;
    if (id !== null) {
      const same = calls.findLast((call) => call.hasWireId && call.id === id);
      if (same && !startsAnother(same, piece)) return same;
      const nameless = calls.findLast((call) => call.wireIndex === index && index !== null);
      if (!nameless || startsAnother(nameless, piece)) return undefined;
      // An id that changes from piece to piece is no new call, an id that comes late neither.
      const isNew = nameless.hasWireId && piece.name !== '' && piece.name !== nameless.name;
      return isNew || (same && same !== nameless) ? undefined : nameless;
    }
    if (index !== null) {
      const known = calls.findLast((call) => call.wireIndex === index);
      return known && !startsAnother(known, piece) ? known : undefined;
    }
    const last = calls.at(-1);
    if (!last) return undefined;
    if (piece.name === '') return last;
    return piece.name === last.name && last.text !== '' && !startsAnother(last, piece) ? last : undefined;
  }

  function open(piece: Piece): Call {
    const taken = piece.id !== null && calls.some((call) => call.id === piece.id);
    const call: Call = {
      index: calls.length,
      wireIndex: piece.index,
      id: piece.id === null || taken ? newId() : piece.id,
      hasWireId: piece.id !== null && !taken,
      name: '',
      text: '',
      isSent: false,
      extra: undefined,
    };
    calls.push(call);
    return call;
  }

  function send(call: Call): void {
    call.isSent = true;
    const name = call.name.trim() === '' ? UNNAMED_TOOL : call.name.trim();
    emit({ index: call.index, id: call.id, name, text: call.text });
  }

  function grow(call: Call, piece: Piece): void {
    if (!call.isSent) {
      if (!call.hasWireId && piece.id !== null && !calls.some(({ id }) => id === piece.id)) {
        call.id = piece.id;
        call.hasWireId = true;
      }
      call.name = joinName(call.name, piece.name);
    }
    // Arguments given as an object are whole.
    const isRepeated = piece.isWhole && call.text.trim() === piece.text;
    const text = isRepeated ? '' : piece.text;
    call.text += text;
    if (call.isSent) {
      if (text !== '') emit({ index: call.index, text });
    } else if (call.text !== '' && call.name.trim() !== '') send(call);
  }

  return {
    add(source) {
      const piece = pieceOf(source);
      const isEmpty = piece.name === '' && piece.text === '' && piece.extra === undefined;
      const isNone = (isEmpty && piece.id === null) || calls.length >= MAX_CALLS;
      const call = find(piece) ?? (isNone ? null : open(piece));
      if (!call) return;
      call.wireIndex ??= piece.index;
      grow(call, piece);
      if (piece.extra !== undefined) call.extra = piece.extra;
      if (call.extra !== undefined) extras[call.id] = call.extra;
    },
    flush() {
      for (const call of calls) if (!call.isSent) send(call);
    },
    count: () => calls.length,
    extras: () => extras,
  };
}

interface Piece {
  id: string | null;
  index: number | null;
  name: string;
  text: string;
  isWhole: boolean;
  extra: unknown;
}

function pieceOf(source: Json): Piece {
  const fn = isObject(source.function) ? source.function : source;
  const name = typeof fn.name === 'string' ? fn.name : '';
  const { arguments: given = fn.parameters } = fn;
  const isWhole = typeof given === 'object' && given !== null;
  const text = isWhole ? JSON.stringify(given) : typeof given === 'string' ? given : '';
  const extra = isObject(source.extra_content) ? source.extra_content : undefined;
  return { id: idOf(source.id), index: indexOf(source.index), name, text, isWhole, extra };
}

/** Whole arguments are there already, and the piece begins with a name and arguments of its own. */
function startsAnother(call: Call, { name, text, id, index }: Piece): boolean {
  if (name === '') return false;
  if (index !== null && call.wireIndex !== null && index !== call.wireIndex) return true;
  if (!isWholeObject(call.text)) return false;
  if (id !== null && call.hasWireId && id !== call.id) return true;
  const isCertain = id !== null || index !== null;
  if (isCertain && call.text.trim() === '{}' && name === call.name && /^\s*\{/.test(text)) return false;
  return text === '' ? name !== call.name : /^\s*[{"]/.test(text);
}

/** A name may come at once, again with each piece, growing, or in pieces. */
function joinName(known: string, piece: string): string {
  if (piece === '' || piece === known) return known;
  return known !== '' && piece.startsWith(known) ? piece : known + piece;
}

function isWholeObject(text: string): boolean {
  if (!/^\s*\{/.test(text) || !/\}\s*$/.test(text)) return false;
  try {
    parseForeignJson(text);
    return true;
  } catch {
    return false;
  }
}
