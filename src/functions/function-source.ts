import { didYouMean } from './closest-name.ts';
import type { Position } from './function-definition.ts';
import { showElement } from './function-file-name.ts';
import { argumentOptions, functionOptions } from './function-options.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { XmlElement } from './parse-xml.ts';

/** An option as the file has it. `text` is `undefined` where ClickHouse fills it in from elsewhere (`from_env`, `incl`, …). */
export interface SourceOption extends Position {
  text: string | undefined;
  element: XmlElement;
}

interface SourceArgument extends Position {
  name: string | undefined;
  type: SourceOption | undefined;
}

/** One `<function>` as written, right or wrong, so that every check can run whatever the others found. */
export interface FunctionSource extends Position {
  file: string;
  /** The function's name, if it has one. */
  name: string | undefined;
  options: ReadonlyMap<string, SourceOption>;
  arguments: readonly SourceArgument[];
}

/** What was read from one file or folder. */
export interface FunctionSources {
  sources: FunctionSource[];
  problems: FunctionProblem[];
}

/** Attributes with which a configuration file takes an element's value from elsewhere. */
const substitutions = ['from_env', 'from_zk', 'incl', 'include'];

/** Takes a `<function>` element apart, and says which of its elements ClickHouse will not use. */
export function readFunctionSource(
  file: string,
  element: XmlElement,
): { source: FunctionSource; problems: FunctionProblem[] } {
  const options = new Map<string, SourceOption>();
  const functionArguments: SourceArgument[] = [];
  const problems: FunctionProblem[] = [];
  const nameElement = element.children.find((child) => child.name === 'name');
  const name = nameElement && toOption(nameElement).text;
  const show: Show = (...words) => showElement(file, ...words);
  const report = (child: XmlElement, message: string, remedy: string): void => {
    const { line, column, name: elementName } = child;
    const functionName = name ? { functionName: name } : {};
    problems.push({ severity: 'error', file, line, column, element: elementName, ...functionName, message, remedy });
  };

  for (const child of element.children) {
    // ClickHouse takes every element whose name begins with "argument" for one.
    if (child.name.startsWith('argument')) {
      functionArguments.push(readArgument(child, report, show));
    } else if (child.name === 'database' || child.name === 'uuid') {
      reportRenaming(child, name, report);
    } else if (child.name === '<<') {
      report(child, "ClickHouse does not merge mappings, so it passes over '<<'", 'write the options out');
    } else if (!Object.hasOwn(functionOptions, child.name)) {
      reportUnknown(child, show(element.name), [...Object.keys(functionOptions), 'argument'], report);
    } else {
      reportRepeated(child, options.get(child.name), report);
      if (!options.has(child.name)) options.set(child.name, toOption(child));
    }
  }
  if (element.text.trim() !== '') {
    report(element, `the text '${excerpt(element.text.trim())}' stands between the elements`, 'put it into a comment');
  }
  const { line, column } = element;
  return { source: { file, line, column, name, options, arguments: functionArguments }, problems };
}

type Report = (element: XmlElement, message: string, remedy: string) => void;

type Show = (elementName: string, value?: string) => string;

function readArgument(element: XmlElement, report: Report, show: Show): SourceArgument {
  const { line, column } = element;
  const nested = element.children.find((child) => child.name.startsWith('argument'));
  if (nested) {
    const message = `ClickHouse takes ${show(element.name)} itself for an argument, not the ${show(nested.name)} inside`;
    report(element, message, `put each ${show('argument')} directly into the function`);
    return { line, column, name: undefined, type: undefined };
  }
  const parts = new Map<string, SourceOption>();
  for (const child of element.children) {
    if (!argumentOptions.some((option) => option === child.name)) {
      reportUnknown(child, show(element.name), argumentOptions, report);
      continue;
    }
    reportRepeated(child, parts.get(child.name), report);
    if (!parts.has(child.name)) parts.set(child.name, toOption(child));
  }
  const type = parts.get('type');
  if (!type) {
    const text = element.text.trim();
    const example = text === '' ? 'String' : text;
    const found = text === '' ? 'has no' : `has the text '${excerpt(text)}' where it needs a`;
    report(element, `the argument ${found} ${show('type')}`, `give it ${show('type', example)}`);
  }
  return { line, column, name: parts.get('name')?.text, type };
}

function toOption(element: XmlElement): SourceOption {
  const substituted = substitutions.some((name) => name in element.attributes);
  const { line, column } = element;
  return { line, column, text: substituted ? undefined : element.text, element };
}

function reportUnknown(element: XmlElement, parent: string, known: readonly string[], report: Report): void {
  const remedy = didYouMean(element.name, known) || 'remove it';
  report(element, `ClickHouse knows no such element in ${parent} and ignores it`, remedy);
}

/** What the loader of dictionaries, which ClickHouse shares, makes of these two. */
function reportRenaming(element: XmlElement, name: string | undefined, report: Report): void {
  const value = element.text;
  if (value === '') return;
  const known = element.name === 'uuid' ? value : `${value}.${name ?? ''}`;
  report(element, `ClickHouse then knows the function only as '${excerpt(known)}'`, 'remove it');
}

function reportRepeated(element: XmlElement, first: Position | undefined, report: Report): void {
  if (!first) return;
  report(element, `given a second time; ClickHouse uses the first, in line ${first.line}`, 'remove one of the two');
}

/** Shortens a value for a message and puts it into one line; white space at its ends stays visible. */
export function excerpt(text: string): string {
  const oneLine = text.replace(/\s+/g, ' ');
  return oneLine.length > 60 ? `${oneLine.slice(0, 57)}...` : oneLine;
}
