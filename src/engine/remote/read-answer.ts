/**
 * Yields the bytes of an answer unchanged, and throws if a failure stands behind them: ClickHouse has then sent its 200
 * already, and writes `\r\n__exception__\r\n<tag>\r\n<text>\n<length> <tag>\r\n__exception__\r\n`, with the tag that a header
 * of the answer named (https://clickhouse.com/docs/interfaces/http#http_response_codes_caveats). No data can hold the
 * tag by chance.
 *
 * @throws what `failureFrom` makes of the text; what reading throws, where the answer breaks off without a text
 */
export async function* readAnswer(
  answer: AsyncIterable<Uint8Array>,
  tag: string | undefined,
  failureFrom: (text: string) => Error,
): AsyncGenerator<Uint8Array, void> {
  if (tag === undefined) {
    yield* answer;
    return;
  }
  const mark = Buffer.from(`\r\n__exception__\r\n${tag}\r\n`);
  /** What may be the beginning of the mark. */
  let held: Buffer = Buffer.alloc(0);
  let failure: Buffer[] | undefined;
  try {
    for await (const chunk of answer) {
      if (failure !== undefined) {
        failure.push(Buffer.from(chunk));
        continue;
      }
      const bytes =
        held.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([held, chunk]);
      const markStart = bytes.indexOf(mark);
      const end = markStart === -1 ? startOfPart(bytes, mark) : markStart;
      if (end > 0) yield bytes.subarray(0, end);
      if (markStart === -1) held = bytes.subarray(end);
      else failure = [bytes.subarray(markStart + mark.length)];
    }
  } catch (error) {
    // The server breaks the connection behind the text.
    if (failure === undefined) throw error;
  }
  if (failure !== undefined) throw failureFrom(textOf(Buffer.concat(failure), tag));
  if (held.length > 0) yield held;
}

/** Where at the end of `bytes` a part of the mark begins, or their length. */
function startOfPart(bytes: Buffer, mark: Buffer): number {
  for (let start = Math.max(0, bytes.length - mark.length + 1); start < bytes.length; start++) {
    if (mark.subarray(0, bytes.length - start).equals(bytes.subarray(start))) return start;
  }
  return bytes.length;
}

/** Without the closing lines, of which a cut connection may leave a part. */
function textOf(failure: Buffer, tag: string): string {
  const text = failure.toString();
  const end = text.search(new RegExp(String.raw`\r?\n\d+ ${tag}`));
  return end === -1 ? text : text.slice(0, end);
}
