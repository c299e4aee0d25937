/** The same script for both kits. */
export interface KitScripts {
  kit: 'the JavaScript kit' | 'the Python kit';
  extension: 'mjs' | 'py';
  /** Types in code, before the function in JavaScript and after it in Python. */
  serve: (
    run: string,
    types: { arguments: readonly string[]; returns: string; format: string; chunkHeader?: boolean },
    more?: string,
  ) => string;
}

export const kits: readonly KitScripts[] = [
  {
    kit: 'the JavaScript kit',
    extension: 'mjs',
    serve: (run, types, more = '') => `serve({ ...${JSON.stringify(types)}, ${more} }, ${run});`,
  },
  {
    kit: 'the Python kit',
    extension: 'py',
    serve: (run, { arguments: given, returns, format, chunkHeader = false }, more = '') =>
      `serve(${run}, arguments=${JSON.stringify(given)}, returns=${JSON.stringify(returns)}, format='${format}', chunk_header=${chunkHeader ? 'True' : 'False'}, ${more})`,
  },
];
