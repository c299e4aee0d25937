/** The flag of a hosted function's command that chooses the model's number format. */
const dtypeFlag = '--dtype';

/** The batch-invariant int8 format, and the functions that use it. */
export const int8Row = 'int8-row';

/** The benchmark's hosted functions: the stock ones with the benchmark's model, in fp32 and in int8-row. */
export const hostedFunctions = [
  { name: 'encode_text', command: 'encode_text --input text' },
  { name: 'encode_image', command: 'encode_image --input image' },
  { name: 'encode_text_int8_row', command: `encode_text_int8_row --input text ${dtypeFlag} ${int8Row}` },
  { name: 'encode_image_int8_row', command: `encode_image_int8_row --input image ${dtypeFlag} ${int8Row}` },
] as const;

/** The function that runs the documented Python script. */
export const scriptFunction = 'encode_text_script';
export const scriptFile = 'encode_text_script.py';

/** Gives the definition of a hosted function: the settings of the package's own `encode_text_function.xml`. */
export function defineHosted({ name, command }: { name: string; command: string }, model: string): string {
  return `<functions><function>
  <type>executable_pool</type>
  <name>${name}</name>
  <argument><type>String</type><name>value</name></argument>
  <return_type>Array(Float32)</return_type>
  <format>Native</format>
  <command>embed ${command} --format Native --chunk-header --model ${model}</command>
  <execute_direct>1</execute_direct>
  <send_chunk_header>1</send_chunk_header>
  <deterministic>1</deterministic>
  <pool_size>64</pool_size>
  <command_read_timeout>600000</command_read_timeout>
  <command_write_timeout>600000</command_write_timeout>
  <max_command_execution_time>600</max_command_execution_time>
  <stderr_reaction>log_last</stderr_reaction>
  <check_exit_code>1</check_exit_code>
</function></functions>
`;
}

/** Gives the definition of the Python script as ClickHouse's documentation defines its own. */
export function defineScript(): string {
  return `<functions><function>
  <type>executable_pool</type>
  <name>${scriptFunction}</name>
  <argument><type>String</type><name>text</name></argument>
  <return_type>Array(Float32)</return_type>
  <format>TabSeparated</format>
  <command>${scriptFile}</command>
  <command_read_timeout>1000000</command_read_timeout>
</function></functions>
`;
}
