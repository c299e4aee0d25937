import { choosePlaceholder } from './placeholder.ts';
import { pythonType, pythonZero } from './python-values.ts';
import { safeNames } from './safe-names.ts';
import { type ScriptFunction, aboutTypesInCode, introduce } from './script-function.ts';
import { wrapComment } from './wrap-comment.ts';

/** Python's keywords, and what the scripts use. */
const reserved = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if ' +
    'import in is lambda nonlocal not or pass raise return try while with yield ' +
    'serve Optional datetime decimal ipaddress uuid bool dict float int len list str tuple'
  ).split(' '),
);
const modules = ['datetime', 'decimal', 'ipaddress', 'uuid'];
const maxLineLength = 100;

/** Writes the script of a function in Python. */
export function renderPython(script: ScriptFunction): string {
  const { name, arguments: given, returns, hasTypesInCode } = script;
  const [ownName = name, ...names] = safeNames([name, ...given.map((argument) => argument.name)], reserved);
  const hint = ({ data, name: type }: { data: typeof returns.data; name: string }): string =>
    data === undefined ? JSON.stringify(type) : pythonType(data);
  const hinted = given.map(({ type }, index) => `${names[index]}: ${hint(type)}`);
  const head = `def ${ownName}(${hinted.join(', ')}) -> ${hint(returns)}:`;
  const body = [
    ...(head.length <= maxLineLength
      ? [head]
      : [`def ${ownName}(`, ...hinted.map((each) => `    ${each},`), `) -> ${hint(returns)}:`]),
    ...wrapComment('    # ', 'Your work goes here; this runs once for each row.'),
    `    return ${renderBody(script, names)}`,
    '',
    '',
    ...wrapComment(
      '# ',
      `print() writes to stderr, since stdout belongs to ClickHouse. An "async def" works on 16 rows at a time; serve(${ownName}, block=True) hands over many rows at once, in a list for each argument.`,
    ),
    ...(hasTypesInCode ? wrapComment('# ', aboutTypesInCode) : []),
    ...renderServe(script, ownName),
  ];
  const code = body.join('\n');
  const imports = [
    ...modules.filter((module) => code.includes(`${module}.`)).map((module) => `import ${module}`),
    ...(code.includes('Optional[') ? ['from typing import Optional'] : []),
  ];
  const lines = [
    '#!/usr/bin/env python3',
    ...wrapComment('# ', introduce(script)),
    ...(imports.length > 0 ? [...imports, ''] : []),
    'from embedhouse_udf import serve',
    '',
    '',
    code,
  ];
  return `${lines.join('\n')}\n`;
}

function renderBody(script: ScriptFunction, names: readonly string[]): string {
  const placeholder = choosePlaceholder(script);
  // Zero values are of types that the kit knows: planScript has seen to it.
  if (placeholder.kind === 'zero') return script.returns.data === undefined ? 'None' : pythonZero(script.returns.data);
  const value = names[script.arguments.indexOf(placeholder.argument)] ?? '';
  switch (placeholder.kind) {
    case 'text':
      return `${value}.upper()`;
    case 'asText':
      return `str(${value})`;
    case 'sizes':
      return `[len(${value}), len(${value}.split(" "))]`;
    case 'length':
      return `len(${value})`;
    default:
      return value;
  }
}

function renderServe(script: ScriptFunction, ownName: string): string[] {
  if (!script.hasTypesInCode) return [`serve(${ownName})`];
  const types = script.arguments.map(({ type }) => JSON.stringify(type.name));
  return [
    'serve(',
    `    ${ownName},`,
    `    function=${JSON.stringify(script.name)},`,
    `    arguments=[${types.join(', ')}],`,
    `    returns=${JSON.stringify(script.returns.name)},`,
    `    format=${JSON.stringify(script.format)},`,
    `    chunk_header=${script.chunkHeader ? 'True' : 'False'},`,
    ')',
  ];
}
