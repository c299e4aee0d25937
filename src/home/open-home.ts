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
    if (isDefault || (await isNew(path)) || (await hasLostLink(path))) {
      await furnish(home);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the home folder ${path} cannot be furnished (${reason}); name another with --home`;
    throw new EmbedhouseError('FILE_UNUSABLE', message, { cause });
  }
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

/**
 * Whether a package has linked its bridge here, and that or the kit is no longer there: the package has moved, or npm,
 * which was asked to install something in user_scripts/, has removed what it did not install.
 */
async function hasLostLink(path: string): Promise<boolean> {
  const bridge = join(path, 'user_scripts/embed');
  const target = await readlink(bridge).catch(() => '');
  return isAbsolute(target) && !(existsSync(bridge) && existsSync(kitLink(join(path, 'user_scripts'))));
}

function isNoLink(path: string): boolean {
  return !lstatSync(path).isSymbolicLink();
}
