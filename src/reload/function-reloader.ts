import type { Engine } from '../engine/engine.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { CheckedFunctions } from '../functions/check-functions.ts';
import { type FunctionProblem, isError } from '../functions/function-problem.ts';
import {
  scriptPath,
  takeScriptStamps,
  takeStamps,
  type FunctionFolders,
  type FunctionStamps,
} from './function-stamps.ts';

export interface FunctionReloaderOptions extends FunctionFolders {
  engine: Pick<Engine, 'reloadFunctions'>;
  /** Checks the function files and their scripts as they are. */
  check: () => Promise<CheckedFunctions>;
}

/** What was edited, and what became of it. */
export interface FunctionChanges {
  /** Absolute paths of function files and code, also of those that are gone. */
  paths: string[];
  /** Of the functions that the edits touched, as they are now, and of those that are broken since earlier ones. */
  problems: FunctionProblem[];
  /** Errors that the edits brought into functions which had none: for these the engine keeps all functions as they were. */
  broken: FunctionProblem[];
  /** What ClickHouse did not take, though the check found nothing; it keeps the function as it was. */
  refusal?: Error;
  /** Whether the engine could not be reached, and is told again. */
  isOwed?: boolean;
}

/**
 * Keeps an engine's functions those of the files while these are edited. An edit that breaks a function changes nothing
 * until it is repaired: the engine keeps the last good ones, and the processes of their pools.
 */
export class FunctionReloader {
  readonly #options: FunctionReloaderOptions;
  /** Of the files that were looked at last. */
  #stamps: FunctionStamps;
  /** What the engine has. */
  #loaded: CheckedFunctions;
  /** What the files said last: a broken edit may name a script that repairs it when it comes. */
  #checked: CheckedFunctions;
  /** Functions and files that edits have broken since the engine read them. */
  #broken: ReadonlySet<string> = new Set();
  /** What changed when the engine could not be reached, which then has to be told once more. */
  #owed: FunctionChanges | undefined;
  #refreshing: Promise<FunctionChanges | undefined> | undefined;

  private constructor(options: FunctionReloaderOptions, loaded: CheckedFunctions, stamps: FunctionStamps) {
    this.#options = options;
    this.#loaded = loaded;
    this.#checked = loaded;
    this.#stamps = stamps;
  }

  /** `loaded` is the check of what the engine has read, `stamps` the state of the files before it did. */
  static async make(
    options: FunctionReloaderOptions,
    loaded: CheckedFunctions,
    stamps: FunctionStamps,
  ): Promise<FunctionReloader> {
    // ClickHouse starts scripts when they are needed.
    const scripts = await takeScriptStamps(options, loaded.definitions);
    return new FunctionReloader(options, loaded, new Map([...scripts, ...stamps]));
  }

  /** Looks for edits, and makes the engine follow them. Answers nothing if there are none. */
  async refresh(): Promise<FunctionChanges | undefined> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refresh(): Promise<FunctionChanges | undefined> {
    const scripts = await this.#takeScriptStamps();
    const files = await takeStamps(this.#options);
    const stamps = new Map([...scripts, ...files]);
    const paths = changedPaths(this.#stamps, stamps);
    if (paths.length === 0) return this.#payOwed();
    this.#owed = undefined;
    this.#stamps = stamps;
    this.#checked = await this.#options.check();
    const problems = this.#findTouched(this.#checked, new Set(paths));
    const broken = this.#findBroken(problems);
    this.#broken = new Set(broken.map(placeOf));
    if (broken.length === 0) this.#loaded = this.#checked;
    // A script that is named only now begins with the state that it has; one that is not any more is not missed.
    const named = await this.#takeScriptStamps();
    this.#stamps = new Map([...named, ...[...scripts].filter(([path]) => named.has(path)), ...files]);
    const changes = { paths, problems, broken };
    return broken.length > 0 ? changes : this.#reload(changes);
  }

  async #reload(changes: FunctionChanges): Promise<FunctionChanges> {
    try {
      await this.#options.engine.reloadFunctions();
      return changes;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const isOwed = error instanceof EmbedhouseError && error.code === 'SERVER_UNREACHABLE';
      if (isOwed) this.#owed = changes;
      return { ...changes, refusal: error, isOwed };
    }
  }

  async #payOwed(): Promise<FunctionChanges | undefined> {
    const owed = this.#owed;
    if (owed === undefined) return undefined;
    this.#owed = undefined;
    const changes = await this.#reload(owed);
    // That it cannot be reached was said before.
    return this.#owed === undefined ? changes : undefined;
  }

  async #takeScriptStamps(): Promise<FunctionStamps> {
    return takeScriptStamps(this.#options, [...this.#loaded.definitions, ...this.#checked.definitions]);
  }

  /** Finds the problems of functions whose file or script has changed, and of those that were broken before. */
  #findTouched(checked: CheckedFunctions, paths: ReadonlySet<string>): FunctionProblem[] {
    const definitions = [...checked.definitions, ...this.#loaded.definitions];
    const touched = new Set(
      definitions
        .filter((each) => paths.has(each.file) || paths.has(scriptPath(each, this.#options.userScriptsPath) ?? ''))
        .map(({ name }) => name),
    );
    return checked.problems.filter((problem) => {
      const { file, functionName = '' } = problem;
      return paths.has(file) || touched.has(functionName) || this.#broken.has(placeOf(problem));
    });
  }

  /** Finds the errors of functions and files that had none. */
  #findBroken(problems: readonly FunctionProblem[]): FunctionProblem[] {
    const bad = new Set(this.#loaded.problems.filter(isError).map(placeOf));
    const good = new Set(
      this.#loaded.definitions.flatMap(({ name, file }) => [name, file]).filter((place) => !bad.has(place)),
    );
    return problems.filter((problem) => isError(problem) && good.has(placeOf(problem)));
  }
}

/** The function that has a problem, or the file if it is the file's. */
const placeOf = ({ functionName, file }: FunctionProblem): string => functionName ?? file;

function changedPaths(before: FunctionStamps, after: FunctionStamps): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted();
}
