import { existsSync, lstatSync } from 'node:fs';
import { cp, readdir, readlink } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';

import envPaths from 'env-paths';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { link } from './link.ts';
import { packagePath } from './package-path.ts';
import { kitLink, linkKit } from './provide-kit.ts';

/** Where everything is; absolute paths. */
export interface Home {
  path: string;
  functionsPath: string;
  userScriptsPath: string;
  modelsPath: string;
  /** A folder, or `:memory:` for one that goes with the process. */
  dataPath: string;
  /** The ClickHouse server that runs SQL instead of the embedded engine. */
  serverUrl?: string;
}

/** The flags that every command takes. */
export interface HomeOptions {
  home?: string;
  functions?: string;
  userScripts?: string;
  models?: string;
  data?: string;
  connect?: string;
}

/**
 * Finds the home folder: `--home`, else the current folder if it holds `functions/`, else the user's data folder. A
 * new or empty one is furnished with the package's functions, bridge and bundled model.
 * @throws FILE_UNUSABLE if that fails
 */
export async function openHome(options: HomeOptions): Promise<Home> {
  const path = resolve(options.home ?? (existsSync('functions') ? '.' : envPaths('embedhouse', { suffix: '' }).data));
  const inHome = (given: string | undefined, name: string): string => resolve(given ?? join(path, name));
  const home: Home = {
    path,
    functionsPath: inHome(options.functions, 'functions'),
    userScriptsPath: inHome(options.userScripts, 'user_scripts'),
    modelsPath: inHome(options.models, 'models'),
    dataPath: options.data === ':memory:' ? options.data : inHome(options.data, 'data'),
    ...(options.connect !== undefined && { serverUrl: options.connect }),
  };
  const isDefault = options.home === undefined && path !== resolve('.');
  try {
    if (isDefault || (await isNew(path)) || (await hasMovedPackage(path))) {
      await furnish(home);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the home folder ${path} cannot be furnished (${reason}); name another with --home`;
    throw new EmbedhouseError('FILE_UNUSABLE', message, { cause });
  }
  await restoreKit(path);
  return home;
}

async function furnish({ path }: Home): Promise<void> {
  if (!existsSync(join(path, 'functions'))) {
    await cp(join(packagePath, 'functions'), join(path, 'functions'), { recursive: true });
    await cp(join(packagePath, 'user_scripts'), join(path, 'user_scripts'), { recursive: true, filter: isNoLink });
  }
  // Links, and not copies: a newer version of the package then serves every home.
  await link(join(packagePath, 'dist/bridge/embed.js'), join(path, 'user_scripts'), 'embed');
  await link(join(packagePath, 'models/emoji-clip'), join(path, 'models'), 'emoji-clip');
  await linkKit(join(path, 'user_scripts'));
}

async function isNew(path: string): Promise<boolean> {
  return !existsSync(path) || (await readdir(path)).length === 0;
}

/** Whether the bridge was linked here by a package that is no longer where it was. */
async function hasMovedPackage(path: string): Promise<boolean> {
  return (await hasLinkedBridge(path)) && !existsSync(join(path, 'user_scripts/embed'));
}

/**
 * Puts the kit's link back: npm, which was asked to install something in user_scripts/, has removed what it did not
 * install. Only scripts that import the kit need it, and the folder may not be writable.
 */
async function restoreKit(path: string): Promise<void> {
  const scripts = join(path, 'user_scripts');
  if ((await hasLinkedBridge(path)) && !existsSync(kitLink(scripts))) await linkKit(scripts).catch(() => {});
}

/** Whether a package has linked its bridge here. */
async function hasLinkedBridge(path: string): Promise<boolean> {
  return isAbsolute(await readlink(join(path, 'user_scripts/embed')).catch(() => ''));
}

function isNoLink(path: string): boolean {
  return !lstatSync(path).isSymbolicLink();
}
