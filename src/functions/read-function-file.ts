import { didYouMean } from './closest-name.ts';
import type { Position } from './function-definition.ts';
import { isYaml, showElement } from './function-file-name.ts';
import { functionOptions } from './function-options.ts';
import type { FunctionProblem } from './function-problem.ts';
import { readFunctionSource } from './function-source.ts';
import type { FunctionSources } from './function-source.ts';
import { parseXml } from './parse-xml.ts';
import type { XmlElement } from './parse-xml.ts';
import { parseYaml } from './parse-yaml.ts';
import { positionAt } from './position-at.ts';

/** Reads the functions of one file, XML or YAML, from its bytes. If it is broken ClickHouse loads nothing of it: that is one problem. */
export function readFunctionFile(file: string, content: Uint8Array): FunctionSources {
  const decoded = decode(content);
  if ('fault' in decoded) return onlyProblem(file, decoded.fault, decoded.fault.message, 'save the file as UTF-8');
  if (decoded.text.trim() === '') {
    const example = isYaml(file)
      ? "'function:' and the options below it"
      : '<functions><function>...</function></functions>';
    return onlyProblem(file, { line: 1, column: 1 }, 'the file is empty', `write ${example}, or remove the file`);
  }
  if (languageOf(file, decoded.text) === 'XML') {
    const parsed = parseXml(decoded.text);
    return 'fault' in parsed ? brokenFile(file, 'XML', parsed.fault) : readFunctions(file, parsed.root);
  }
  const parsed = parseYaml(decoded.text);
  if ('fault' in parsed) return brokenFile(file, 'YAML', parsed.fault);
  const { sources, problems } = readFunctions(file, parsed.root);
  return { sources, problems: [...problems, ...checkDocument(file, parsed)] };
}

function languageOf(file: string, text: string): 'XML' | 'YAML' {
  if (file.endsWith('.xml')) return 'XML';
  // ClickHouse looks into a file whose name says neither.
  return isYaml(file) || !text.trimStart().startsWith('<') ? 'YAML' : 'XML';
}

function brokenFile(file: string, language: string, fault: Position & { message: string }): FunctionSources {
  const message = `the ${language} is broken, so ClickHouse ignores the file: ${fault.message}`;
  return onlyProblem(file, fault, message, `correct the ${language}`);
}

function checkDocument(
  file: string,
  { isList, secondDocument, root }: { isList: boolean; secondDocument: Position | undefined; root: XmlElement },
): FunctionProblem[] {
  const problems: FunctionProblem[] = [];
  if (secondDocument) {
    const message = "ClickHouse reads a file up to its second '---', and ignores what follows";
    problems.push(problemAt(file, secondDocument, message, 'put it into a file of its own'));
  }
  if (isList) {
    const message = 'some versions of ClickHouse read only the first item of a list that is the whole file';
    const problem = problemAt(file, root.children[0] ?? root, message, "write 'function:' once and the list below it");
    problems.push({ ...problem, severity: 'warning' });
  }
  return problems;
}

function readFunctions(file: string, root: XmlElement): FunctionSources {
  if (root.name === 'function') {
    const message = 'ClickHouse looks for functions inside the outermost element';
    return onlyProblem(file, root, message, 'put <functions>...</functions> around it');
  }
  const found: FunctionSources = { sources: [], problems: [] };
  for (const child of root.children) {
    // ClickHouse takes every element whose name begins with "function" for one, and passes over these two in silence.
    if (/^(comment|include_from)/.test(child.name)) continue;
    const nested = child.children.find(({ name }) => name.startsWith('function'));
    if (child.name.startsWith('function') && nested) {
      const [outer, inner] = [child.name, nested.name].map((name) => showElement(file, name));
      const message = `ClickHouse takes ${outer} itself for a function, not the ${inner} inside`;
      found.problems.push(problemAt(file, child, message, `leave out ${inner}`));
    } else if (child.name.startsWith('function')) {
      const { source, problems } = readFunctionSource(file, child);
      found.sources.push(source);
      found.problems.push(...problems);
    } else found.problems.push(passedOver(file, root, child));
  }
  if (found.sources.length === 0 && found.problems.length === 0) {
    const problem = problemAt(file, root, 'the file defines no function', 'add one, or remove the file');
    found.problems.push({ ...problem, severity: 'note' });
  }
  return found;
}

function passedOver(file: string, root: XmlElement, child: XmlElement): FunctionProblem {
  if (!isYaml(file)) {
    const message = `ClickHouse knows no such element in <${root.name}> and ignores it`;
    return problemAt(file, child, message, 'did you mean <function>?');
  }
  const isOption = Object.hasOwn(functionOptions, child.name) || child.name.startsWith('argument');
  if (isOption) {
    const message = "ClickHouse looks for a function's options under 'function:'";
    return problemAt(file, child, message, "write 'function:' above the options and indent them");
  }
  const problem = problemAt(
    file,
    child,
    'ClickHouse passes over this key',
    "only those that begin with 'function' count",
  );
  // What else stands at the top may be there for its anchor.
  return didYouMean(child.name, ['function', 'functions']) === '' ? { ...problem, severity: 'note' } : problem;
}

function onlyProblem(file: string, at: Place, message: string, remedy: string): FunctionSources {
  return { sources: [], problems: [problemAt(file, at, message, remedy)] };
}

/** An element, or a position in the file where there is none. */
type Place = Position & { name?: string };

function problemAt(file: string, { line, column, name = '' }: Place, message: string, remedy: string): FunctionProblem {
  return { severity: 'error', file, line, column, element: name, message, remedy };
}

/** Decodes by the encoding that the XML declaration names; without one XML is UTF-8. */
function decode(content: Uint8Array): { text: string } | { fault: Position & { message: string } } {
  const head = new TextDecoder('latin1').decode(content.subarray(0, 200));
  const encoding = /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)["']/.exec(head)?.[1] ?? 'utf-8';
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(content) };
  } catch {
    const readable = new TextDecoder('utf-8').decode(content);
    const fault = positionAt(readable, Math.max(0, readable.indexOf('\ufffd')));
    return { fault: { ...fault, message: `the file is not ${encoding} text, so ClickHouse ignores it` } };
  }
}
