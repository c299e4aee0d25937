import { makeSandbox, type Answer, type Sandbox } from '../../cli/sandbox.ts';
import { KitHome } from '../../udf/kit-home.ts';
import { addExamples, readPageExamples, type PageExamples } from '../page-examples.ts';

/** The examples of docs/examples.md. */
export const examples: PageExamples = await readPageExamples('docs/examples.md');

/** A home with the page's functions, and the program to run in it. */
export class ExamplesHome implements AsyncDisposable {
  readonly home: KitHome;
  readonly sandbox: Sandbox;

  private constructor(home: KitHome, sandbox: Sandbox) {
    this.home = home;
    this.sandbox = sandbox;
  }

  /** @param name of its folder */
  static async make(name?: string): Promise<ExamplesHome> {
    const home = await KitHome.make(name);
    for (const each of ['eld', 'ky', 'sharp']) await home.addPackage(each);
    await addExamples(home, examples);
    return new ExamplesHome(home, await makeSandbox());
  }

  /** Runs the program in the home's folder. */
  async run(args: readonly string[], env: Record<string, string> = {}): Promise<Answer> {
    return this.sandbox.run(args, { cwd: this.home.path, env });
  }

  /** The result of a query that must succeed. */
  async query(sql: string, env: Record<string, string> = {}): Promise<string> {
    return this.sandbox.query(sql, { cwd: this.home.path, env });
  }

  /** The one line of a query that must fail. */
  async failingQuery(sql: string, env: Record<string, string> = {}): Promise<string> {
    return this.sandbox.failingQuery(sql, { cwd: this.home.path, env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.remove();
    await this.home[Symbol.asyncDispose]();
  }
}
