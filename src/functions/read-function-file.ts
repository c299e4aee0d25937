import type { Position } from './function-definition.ts';
import type { FunctionProblem } from './function-problem.ts';
import { readFunctionSource } from './function-source.ts';
import type { FunctionSources } from './function-source.ts';
import { parseXml } from './parse-xml.ts';
import type { XmlElement } from './parse-xml.ts';
import { positionAt } from './position-at.ts';

/** Reads the functions of one file from its bytes. Broken XML is one problem; ClickHouse then loads nothing of the file. */
export function readFunctionFile(file: string, content: Uint8Array): FunctionSources {
  const decoded = decode(content);
  if ('fault' in decoded) return onlyProblem(file, decoded.fault, decoded.fault.message, 'save the file as UTF-8');
  if (decoded.text.trim() === '') {
    const remedy = 'write <functions><function>...</function></functions>, or remove the file';
    return onlyProblem(file, { line: 1, column: 1 }, 'the file is empty', remedy);
  }
  const parsed = parseXml(decoded.text);
  if ('root' in parsed) return readFunctions(file, parsed.root);
  const message = `the XML is broken, so ClickHouse ignores the file: ${parsed.fault.message}`;
  return onlyProblem(file, parsed.fault, message, 'correct the XML');
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
    if (child.name.startsWith('function')) {
      const { source, problems } = readFunctionSource(file, child);
      found.sources.push(source);
      found.problems.push(...problems);
    } else {
      const message = `ClickHouse knows no such element in <${root.name}> and ignores it`;
      found.problems.push(problemAt(file, child, message, 'did you mean <function>?'));
    }
  }
  if (found.sources.length === 0 && found.problems.length === 0) {
    const problem = problemAt(file, root, 'the file defines no function', 'add a <function>, or remove the file');
    found.problems.push({ ...problem, severity: 'note' });
  }
  return found;
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
