import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeYamlAsXml } from './write-yaml-as-xml.ts';

export interface ConfigFileOptions {
  /** A private folder that lives as long as the engine. */
  folder: string;
  functionsPath: string;
  userScriptsPath: string;
  /** Threads that build vector indexes; 0 for one a core. */
  indexThreads: number;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escapeXml = (text: string): string => text.replaceAll(/[&<>]/g, (character) => escapes[character] ?? character);

/** Writes the configuration that chdb reads when it opens, and returns the file's path. */
export async function writeConfigFile(options: ConfigFileOptions): Promise<string> {
  // What a server reads by its default settings. The embedded ClickHouse cannot read YAML: it gets it as XML, too.
  const functions = join(await withoutGlobCharacters(options), '*_function.*ml');
  const fromYaml = join(options.folder, 'from-yaml');
  await writeYamlAsXml(options.functionsPath, fromYaml);
  const lines = [
    '<clickhouse>',
    // Otherwise ClickHouse logs to the terminal where stderr is one.
    '  <logger><level>none</level><console>false</console></logger>',
    `  <user_scripts_path>${escapeXml(options.userScriptsPath)}</user_scripts_path>`,
    `  <user_defined_executable_functions_config>${escapeXml(functions)}</user_defined_executable_functions_config>`,
    `  <user_defined_executable_functions_config>${escapeXml(join(fromYaml, '*.xml'))}</user_defined_executable_functions_config>`,
    `  <max_build_vector_similarity_index_thread_pool_size>${options.indexThreads}</max_build_vector_similarity_index_thread_pool_size>`,
    '</clickhouse>',
    '',
  ];
  const path = join(options.folder, 'config.xml');
  await writeFile(path, lines.join('\n'));
  return path;
}

/** ClickHouse reads the setting as a glob and knows no escape in it: such a folder is reached by a link. */
async function withoutGlobCharacters({ folder, functionsPath }: ConfigFileOptions): Promise<string> {
  if (!/[*?{}]/.test(functionsPath)) return functionsPath;
  const link = join(folder, 'functions');
  await symlink(functionsPath, link, 'dir');
  return link;
}
