/** Parses an answer in JSONEachRow. The caller names the columns it selects; ClickHouse writes one JSON object a line. */
export function parseRows<Row>(answer: string): Row[] {
  return answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
