import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { checkFunctions } from '../../src/functions/check-functions.ts';
import type { CheckedFunctions } from '../../src/functions/check-functions.ts';
import { formatProblem } from '../../src/functions/format-problem.ts';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/broken-functions');

let home: string;
let checked: CheckedFunctions;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'embedhouse-functions-'));
  await cp(fixtures, home, { recursive: true });
  checked = await checkFunctions({
    functionsPath: join(home, 'functions'),
    userScriptsPath: join(home, 'user_scripts'),
    searchPath: '/usr/bin:/bin',
    vocabulary: {
      functions: [
        { name: 'length', caseInsensitive: true },
        { name: 'uniq', caseInsensitive: false },
      ],
      formats: ['TabSeparated', 'JSONEachRow', 'RowBinary', 'Native'],
      types: ['String', 'UInt8', 'Float32', 'Array', 'Tuple'].map((name) => ({ name, caseInsensitive: false })),
    },
  });
});

afterAll(async () => {
  await rm(home, { recursive: true });
});

test('names file, place, element, fault and remedy of every broken definition and script', () => {
  const lines = checked.problems.map((problem) => formatProblem(problem, { relativeTo: home }).replaceAll(home, '.'));
  expect(lines).toMatchInlineSnapshot(`
    [
      "functions/absolute-script_function.xml:5:5: <command>: '/usr/bin/cat' is an absolute path, but scripts are named relative to the user scripts folder ./user_scripts; put the script there and name it without the folder",
      "functions/argument-without-type_function.xml:6:5: <argument>: the argument has the text 'String' where it needs a <type>; give it <type>String</type>",
      "functions/broken-line-command_function.xml:5:5: <command>: the command begins with white space or breaks its line, which ClickHouse takes as part of the script's name; write 'echo.sh' in one line, without blanks around it",
      "functions/broken-line-command_function.xml:5:5: warning: <command>: the script gets the line break behind 'echo.sh' with it; end the element directly behind the last word",
      "functions/broken-xml_function.xml:9:24: the XML is broken, so ClickHouse ignores the file: expected closing tag 'return_type' (opened in line 9, col 5) instead of closing tag 'returntype'; correct the XML",
      "functions/builtin-aggregate-name_function.xml:4:5: <name>: ClickHouse has a function 'uniq' of its own and does not load this one; choose another name",
      "functions/builtin-name-in-capitals_function.xml:4:5: <name>: 'LENGTH' hides ClickHouse's own function 'length', which may be written in any case; choose another name",
      "functions/builtin-name_function.xml:4:5: <name>: ClickHouse has a function 'length' of its own and does not load this one; choose another name",
      "functions/byte-order-mark_function.xml:5:5: <command>: script 'byte-order-mark.sh' has a byte order mark before '#!', so the system cannot execute it; save it as UTF-8 without the mark",
      "functions/defined-twice_function.xml:4:5: <name>: function 'defined_twice' is already defined in defined-elsewhere_function.xml:2; ClickHouse loads only one of the two; rename or remove one of them",
      "functions/defined-twice_function.xml:14:5: <name>: function 'defined_twice' is already defined in defined-elsewhere_function.xml:2; ClickHouse loads only one of the two; rename or remove one of them",
      "functions/empty-format_function.xml:10:5: <format>: the element is empty; give it the function's format",
      "functions/empty-script_function.xml:5:5: <command>: script 'empty.sh' is empty; write the script",
      "functions/empty_function.xml:1:1: the file is empty; write <functions><function>...</function></functions>, or remove the file",
      "functions/env-with-option_function.xml:5:5: <command>: script 'env-with-option.sh' starts through env, which looks for one program named 'sh -e'; write '#!/usr/bin/env -S sh -e'",
      "functions/folder-as-script_function.xml:5:5: <command>: script 'folder' is not a file; name the file to run",
      "functions/folder_function.xml:1:1: this is a folder, not a file; rename the folder",
      "functions/missing-command_function.xml:2:3: <command>: the element is missing; add <command> to the function",
      "functions/missing-env-interpreter_function.xml:5:5: <command>: the interpreter 'pythn' of script 'missing-env-interpreter.py' is in no folder of PATH; install pythn, or correct the script's first line",
      "functions/missing-format_function.xml:2:3: <format>: the element is missing; add <format> to the function",
      "functions/missing-interpreter_function.xml:5:5: <command>: the interpreter '/usr/bin/python9' of script 'missing-interpreter.py' does not exist or is not executable; install python9, or correct the script's first line",
      "functions/missing-name_function.xml:12:3: <name>: the element is missing; ClickHouse then ignores every function of the file; add <name> to the function",
      "functions/missing-return-type_function.xml:2:3: <return_type>: the element is missing; add <return_type> to the function",
      "functions/missing-script_function.xml:5:5: <command>: script 'nowhere.sh' does not exist in ./user_scripts; put it there, or correct the name",
      "functions/missing-type_function.xml:2:3: <type>: the element is missing; add <type> to the function",
      "functions/name-in-backquotes_function.xml:4:5: note: <name>: 'name-in-backquotes' is not an identifier, so SQL can call it only in backquotes; use letters, digits and _ only, no blanks",
      "functions/no-functions_function.xml:1:1: note: <functions>: the file defines no function; add one, or remove the file",
      "functions/no-outer-element_function.xml:1:1: <function>: ClickHouse looks for functions inside the outermost element; put <functions>...</functions> around it",
      "functions/no-shebang_function.xml:5:5: <command>: script 'no-shebang.sh' does not begin with '#!', so the system cannot execute it; make its first line name the interpreter, such as '#!/usr/bin/env python3'",
      "functions/not-executable_function.xml:5:5: <command>: script 'not-executable.sh' is not executable; run chmod +x ./user_scripts/not-executable.sh",
      "functions/not-read.xml:1:1: note: ClickHouse does not read this file: its name does not end with '_function.xml', '.yaml' or '.yml'; rename it if it defines functions",
      "functions/one-of-two_function.xml:13:5: <type>: 'exec' is not one of executable, executable_pool; write 'executable' or 'executable_pool'",
      "functions/outside-script_function.xml:5:5: <command>: script '../outside.sh' is outside the user scripts folder ./user_scripts; put the script, or a link to it, into that folder",
      "functions/pool-option-without-pool_function.xml:11:5: note: <pool_size>: ClickHouse reads this only for type 'executable_pool'; remove it or change the type",
      "functions/pool-with-parameter_function.xml:5:5: <command>: a pool has no parameters, but the command has '{model:String}'; use type 'executable', an ordinary argument, or one function for each value",
      "functions/relative-interpreter_function.xml:5:5: <command>: script 'relative-interpreter.sh' names its interpreter 'sh' without a full path; write '#!/usr/bin/env sh'",
      "functions/repeated-element_function.xml:11:5: <format>: given a second time; ClickHouse uses the first, in line 10; remove one of the two",
      "functions/several-problems_function.xml:3:5: <type>: 'executeable' is not one of executable, executable_pool; did you mean 'executable'?",
      "functions/several-problems_function.xml:5:5: <command>: script 'nowhere.sh' does not exist in ./user_scripts; put it there, or correct the name",
      "functions/several-problems_function.xml:9:5: <return_type>: 'Strng' is not a type of ClickHouse; did you mean 'String'?",
      "functions/several-problems_function.xml:10:5: <format>: 'TabSepareted' is not a format that ClickHouse both reads and writes; did you mean 'TabSeparated'?",
      "functions/shell-with-parameter_function.xml:5:5: <command>: a shell line (execute_direct is off) has no parameters, but the command has '{model:String}'; name a script directly, or use an ordinary argument",
      "functions/unclosed-type_function.xml:9:5: <return_type>: 'Array(Float32' is not a type: a '(' is not closed; correct the type",
      "functions/undefined-entity_function.xml:5:22: the XML is broken, so ClickHouse ignores the file: '&nbsp;' is not defined; correct the XML",
      "functions/unknown-argument-element_function.xml:8:7: <nmae>: ClickHouse knows no such element in <argument> and ignores it; did you mean 'name'?",
      "functions/unknown-argument-type_function.xml:7:7: <type>: 'Strng' is not a type of ClickHouse (in 'Array(Tuple(a Strng, b UInt8))'); did you mean 'String'?",
      "functions/unknown-element_function.xml:11:5: <determinstic>: ClickHouse knows no such element in <function> and ignores it; did you mean 'deterministic'?",
      "functions/unknown-format_function.xml:10:5: <format>: 'RowBinry' is not a format that ClickHouse both reads and writes; did you mean 'RowBinary'?",
      "functions/unknown-return-type_function.xml:9:5: <return_type>: 'Flaot32' is not a type of ClickHouse (in 'Array(Flaot32)'); did you mean 'Float32'?",
      "functions/unknown-root-child_function.xml:12:3: <funktion>: ClickHouse knows no such element in <functions> and ignores it; did you mean <function>?",
      "functions/windows-line-endings_function.xml:5:5: <command>: script 'windows-line-endings.sh' has Windows line endings, so its interpreter is '/bin/sh' with a carriage return; save it with LF line endings",
      "functions/write-only-format_function.xml:10:5: <format>: 'Pretty' is not a format that ClickHouse both reads and writes; use TabSeparated, JSONEachRow, RowBinary or Native",
      "functions/wrong-boolean_function.xml:11:5: <deterministic>: 'maybe' is not a boolean; write true or false",
      "functions/wrong-lifetime_function.xml:11:5: <lifetime>: <max> is missing; give both <min> and <max>, or one number of seconds",
      "functions/wrong-number_function.xml:11:5: <command_read_timeout>: '10s' is not a whole number; write digits only, which count milliseconds, without blanks or a unit",
      "functions/wrong-stderr-reaction_function.xml:11:5: <stderr_reaction>: 'thrwo' is not one of none, log, log_first, log_last, throw; did you mean 'throw'?",
    ]
  `);
});
