import { javascriptType, javascriptZero, quoteJavascript } from './javascript-values.ts';
import { choosePlaceholder } from './placeholder.ts';
import { safeNames } from './safe-names.ts';
import { type ScriptFunction, type ScriptType, aboutTypesInCode, introduce } from './script-function.ts';
import { wrapComment } from './wrap-comment.ts';

/** What a module cannot name anything, and what the scripts use. */
const reserved = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static ' +
    'super switch this throw true try typeof var void while with yield arguments eval undefined NaN Infinity ' +
    'serve BigInt Date Map String'
  ).split(' '),
);
const maxLineLength = 100;

/** Writes the script of a function as an ES module: TypeScript if it is called so, else JavaScript with types in JSDoc. */
export function renderJavascript(script: ScriptFunction): string {
  const { name, arguments: given, returns, hasTypesInCode } = script;
  const isTyped = /\.[cm]?ts$/.test(script.script);
  const [ownName = name, ...names] = safeNames([name, ...given.map((argument) => argument.name)], reserved);
  const lines = [
    '#!/usr/bin/env node',
    ...(isTyped ? [] : ['// @ts-check']),
    ...wrapComment('// ', introduce(script)),
    "import { serve } from 'embedhouse/udf';",
    '',
    ...(isTyped
      ? ['/** Your work goes here; this runs once for each row. */', ...renderTypedHead(ownName, names, script)]
      : [
          '/**',
          ' * Your work goes here; this runs once for each row.',
          ' *',
          ...given.map(({ type }, index) => ` * @param {${inJsdoc(type)}} ${names[index]}`),
          ` * @returns {${inJsdoc(returns)}}`,
          ' */',
          `function ${ownName}(${names.join(', ')}) {`,
        ]),
    `  return ${renderBody(script, names)};`,
    '}',
    '',
    ...wrapComment(
      '// ',
      'console.log writes to stderr, since stdout belongs to ClickHouse. An async function works on 16 rows at a time; serve.block hands over many rows at once, in an array for each argument.',
    ),
    ...(hasTypesInCode ? wrapComment('// ', aboutTypesInCode) : []),
    ...renderServe(script, ownName),
  ];
  return `${lines.join('\n')}\n`;
}

function renderTypedHead(ownName: string, names: readonly string[], script: ScriptFunction): string[] {
  const typed = script.arguments.map(({ type }, index) => `${names[index]}: ${typeOf(type)}`);
  const head = `function ${ownName}(${typed.join(', ')}): ${typeOf(script.returns)} {`;
  if (head.length <= maxLineLength) return [head];
  return [`function ${ownName}(`, ...typed.map((each) => `  ${each},`), `): ${typeOf(script.returns)} {`];
}

function typeOf({ data }: ScriptType): string {
  return data === undefined ? 'unknown' : javascriptType(data);
}

/** A quoted name may hold what ends a comment. */
function inJsdoc(type: ScriptType): string {
  return typeOf(type).replaceAll('*/', String.raw`*\/`);
}

function renderBody(script: ScriptFunction, names: readonly string[]): string {
  const { returns, arguments: given } = script;
  const placeholder = choosePlaceholder(script);
  // Zero values are of types that the kit knows: planScript has seen to it.
  if (placeholder.kind === 'zero') return returns.data === undefined ? 'null' : javascriptZero(returns.data);
  const value = names[given.indexOf(placeholder.argument)] ?? '';
  switch (placeholder.kind) {
    case 'text':
      return `${value}.toUpperCase()`;
    case 'asText':
      return typeOf(placeholder.argument.type) === 'string' ? value : `String(${value})`;
    case 'sizes':
      return `[${value}.length, ${value}.split(' ').length]`;
    case 'length':
      return typeOf(returns).startsWith('bigint') ? `BigInt(${value}.length)` : `${value}.length`;
    default:
      return value;
  }
}

function renderServe(script: ScriptFunction, ownName: string): string[] {
  if (!script.hasTypesInCode) return [`serve(${ownName});`];
  const types = script.arguments.map(({ type }) => quoteJavascript(type.name));
  return [
    'serve(',
    '  {',
    `    function: ${quoteJavascript(script.name)},`,
    `    arguments: [${types.join(', ')}],`,
    `    returns: ${quoteJavascript(script.returns.name)},`,
    `    format: ${quoteJavascript(script.format)},`,
    `    chunkHeader: ${script.chunkHeader},`,
    '  },',
    `  ${ownName},`,
    ');',
  ];
}
