/** A function definition, and what ClickHouse 26.7 was seen to do with it. */
export interface CatalogueEntry {
  /** The elements of its `<function>`; these replace or, where `undefined`, remove those of a working one. */
  elements: Record<string, string | undefined>;
  /** SQL that calls it, where `name('x')` does not. */
  call?: string;
}

const argument = (type: string): { argument: string } => ({ argument: `<type>${type}</type>` });

/** Definitions with something unusual that ClickHouse loads and runs: the check must not call them broken. */
export const working: Record<string, CatalogueEntry> = {
  plain: { elements: {} },
  pool: { elements: { type: 'executable_pool' } },
  pool_without_limit: { elements: { type: 'executable_pool', pool_size: '0' } },
  pool_number_without_pool: { elements: { pool_size: 'abc' } },
  no_argument: { elements: { argument: undefined, command: 'one-row.sh' }, call: 'no_argument()' },
  two_arguments: {
    elements: { argument_2: '<type>String</type>', return_type: 'String', command: 'first-column.sh' },
    call: "two_arguments('x', 'y')",
  },
  named_argument: { elements: { argument: '<name>a b</name><type>String</type>' } },
  spaced_types: { elements: { ...argument(' String '), return_type: ' String ' } },
  alias_type: { elements: { ...argument('varchar(10)'), return_type: 'TEXT' } },
  lower_case_format: { elements: { format: 'tabseparated' } },
  alias_format: { elements: { format: 'TSV' } },
  hexadecimal_number: { elements: { command_read_timeout: '0x1000' } },
  signed_number: { elements: { command_read_timeout: '+3000' } },
  boolean_word: { elements: { deterministic: 'YES', send_chunk_header: 'off' } },
  boolean_number: { elements: { deterministic: '-1' } },
  reaction_in_capitals: { elements: { stderr_reaction: 'THROW' } },
  lifetime_number: { elements: { lifetime: '5' } },
  lifetime_range: { elements: { lifetime: '<min>1</min><max>2</max>' } },
  parameter: { elements: { command: 'echo.sh {p:String} {p: String}' }, call: "parameter('v')('x')" },
  braces_in_shell: { elements: { execute_direct: '0', command: "awk '{print}'" } },
  colon_in_shell: { elements: { execute_direct: '0', command: "awk '{y=1?2:3; print}'" } },
  shell: { elements: { execute_direct: 'false', command: 'cat' } },
  section: { elements: { command: '<![CDATA[echo.sh]]>' } },
  character_reference: { elements: { command: '&#101;cho.sh' } },
  arguments_of_command: { elements: { command: 'echo.sh  a b ' } },
  in_subfolder: { elements: { command: 'sub/echo.sh' } },
  through_subfolder: { elements: { command: 'sub/../echo.sh' } },
  by_link: { elements: { command: 'link.sh' } },
  by_link_to_outside: { elements: { command: 'link-to-outside.sh' } },
  program: { elements: { command: 'cat' } },
  blank_after_shebang: { elements: { command: 'blank-after-shebang.sh' } },
  env_split: { elements: { command: 'env-split.sh' } },
  quotes_in_command: { elements: { command: 'echo.sh "a b"' } },
  shell_signs_in_command: { elements: { command: 'echo.sh &lt; x | y' } },
  names_of_columns: { elements: { format: 'Native', argument: '<type>String</type><name>result</name>' } },
  windows_line_ending_in_text: { elements: { command: 'windows-text.pl' } },
  name_of_python_module: { elements: { command: 'json.py' } },
  long_termination: { elements: { command_termination_timeout: '10000' } },
  empty_database: { elements: { database: '' } },
  comment: { elements: { deterministic: '<!-- yes -->1' } },
  name_with_dash: { elements: { name: 'name-with-dash' }, call: "`name-with-dash`('x')" },
};

/** Definitions that ClickHouse refuses, or whose call fails: the check must name each. */
export const broken: Record<string, CatalogueEntry> = {
  spaced_type: { elements: { type: ' executable ' } },
  type_in_capitals: { elements: { type: 'EXECUTABLE' } },
  empty_type: { elements: { type: '' } },
  empty_command: { elements: { command: '' } },
  empty_return_type: { elements: { return_type: '' } },
  lower_case_type: { elements: { return_type: 'string' } },
  two_types: { elements: { return_type: 'String, UInt8' } },
  empty_argument: { elements: { argument: '' } },
  nested_arguments: { elements: { argument: undefined, arguments: '<argument><type>String</type></argument>' } },
  spaced_format: { elements: { format: ' TabSeparated ' } },
  negative_number: { elements: { command_read_timeout: '-1' } },
  fraction: { elements: { command_write_timeout: '1.5' } },
  spaced_number: { elements: { command_termination_timeout: ' 10 ' } },
  empty_number: { elements: { command_read_timeout: '' } },
  huge_number: { elements: { command_read_timeout: '99999999999999999999' } },
  wrong_pool_size: { elements: { type: 'executable_pool', pool_size: '-1' } },
  spaced_boolean: { elements: { deterministic: ' true ' } },
  hexadecimal_boolean: { elements: { deterministic: '0x1' } },
  empty_boolean: { elements: { execute_direct: '' } },
  wrong_exit_code_check: { elements: { check_exit_code: 'maybe' } },
  empty_lifetime: { elements: { lifetime: '' } },
  parameter_of_unknown_type: {
    elements: { command: 'echo.sh {p:Strng}' },
    call: "parameter_of_unknown_type('v')('x')",
  },
  parameter_of_two_types: {
    elements: { command: 'echo.sh {p:String} {p:UInt8}' },
    call: "parameter_of_two_types('v')('x')",
  },
  in_a_database: { elements: { database: 'db' } },
  under_a_uuid: { elements: { uuid: '61f0c404-5cb3-11e7-907b-a6006ad3dba0' } },
  no_time_to_read: { elements: { command: 'slow.sh', command_read_timeout: '0' } },
  huge_pipe: { elements: { command_pipe_capacity: '2147483648' } },
  interpreter_before_script: { elements: { command: 'sh echo.sh' } },
  windows_line_ending_in_shell: { elements: { command: 'windows-text.sh' } },
  type_that_format_lacks: { elements: { format: 'MsgPack', return_type: 'BFloat16', command_read_timeout: '1000' } },
  format_without_end_in_pool: {
    elements: { type: 'executable_pool', format: 'CSV', command_read_timeout: '1000' },
  },
  format_with_settings: { elements: { format: 'Template' } },
  leading_blank: { elements: { command: ' echo.sh' } },
  absolute_inside: { elements: { command: '$scripts/echo.sh' } },
};
