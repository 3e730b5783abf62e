/** What Postgres answered to one message, in text format. */
export interface Answer {
  /** The statement could be parsed (and was, if it was asked for). */
  parsed: boolean;
  /** Null when the answer describes no columns. */
  columns: Column[] | null;
  rows: Array<Array<string | null>>;
  /** Such as `COMMIT` or `UPDATE 3`. */
  tag: string;
  /** The bytes of the first error message. */
  error: Buffer | null;
}

export interface Column {
  name: string;
  type: number;
}

const HEADER = 5;
const [PARSE_COMPLETE, ROW_DESCRIPTION, DATA_ROW, COMMAND_COMPLETE, ERROR] = [...Buffer.from('1TDCE')];
/** Of a column's description, what follows its name: table, attribute, type, size, modifier and format. */
const DESCRIPTION_BYTES = 18;
const TYPE_OFFSET = 6;

/**
 * Reads a whole answer. https://www.postgresql.org/docs/current/protocol-message-formats.html: each message is a
 * letter and a length that counts itself.
 */
export function readAnswer(bytes: Buffer): Answer {
  const answer: Answer = { parsed: false, columns: null, rows: [], tag: '', error: null };
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    const body = at + HEADER;
    const kind = bytes[at];
    if (kind === DATA_ROW) answer.rows.push(readRow(bytes, body));
    else if (kind === PARSE_COMPLETE) answer.parsed = true;
    else if (kind === ROW_DESCRIPTION) answer.columns = readColumns(bytes, body);
    else if (kind === COMMAND_COMPLETE) answer.tag = bytes.toString('utf8', body, end - 1);
    else if (kind === ERROR) answer.error ??= bytes.subarray(at, end);
    at = end;
  }
  return answer;
}

function readRow(bytes: Buffer, from: number): Array<string | null> {
  const count = bytes.readUInt16BE(from);
  const row = new Array<string | null>(count);
  let at = from + 2;
  for (let index = 0; index < count; index += 1) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      row[index] = null;
    } else {
      row[index] = bytes.toString('utf8', at, at + length);
      at += length;
    }
  }
  return row;
}

function readColumns(bytes: Buffer, from: number): Column[] {
  let at = from + 2;
  return Array.from({ length: bytes.readUInt16BE(from) }, () => {
    const end = bytes.indexOf(0, at);
    const column = { name: bytes.toString('utf8', at, end), type: bytes.readUInt32BE(end + 1 + TYPE_OFFSET) };
    at = end + 1 + DESCRIPTION_BYTES;
    return column;
  });
}
