/** What ClickHouse says of vectors of different lengths, in a distance function, a search by index, and an insert. */
const differentLengths =
  /Array arguments for function array\w*Distance must have equal sizes|function arrayDotProduct have different array sizes|dimension of the reference vector in the query|column with vector similarity index have \d+ elements/;

/** Adds to ClickHouse's message what to do, where it is about vectors of different lengths. */
export function adviseOnVectors(message: string): string {
  if (!differentLengths.test(message)) return message;
  return `${message.replace(/\.$/, '')}; vectors must be as long as the column’s, and of the model that made those: compare length(column) with length(encode_text('x')), and name the model with --model in the function's <command>`;
}
