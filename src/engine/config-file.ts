import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ConfigFileOptions {
  /** A private folder that lives as long as the engine. */
  folder: string;
  /** Globs of the function files. */
  functionFiles: readonly string[];
  userScriptsPath: string;
  /** Threads that build vector indexes; 0 for one a core. */
  indexThreads: number;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escapeXml = (text: string): string => text.replaceAll(/[&<>]/g, (character) => escapes[character] ?? character);

/** Writes the configuration that chdb reads when it opens, and returns the file's path. */
export async function writeConfigFile(options: ConfigFileOptions): Promise<string> {
  const lines = [
    '<clickhouse>',
    // Otherwise ClickHouse logs to the terminal where stderr is one.
    '  <logger><level>none</level><console>false</console></logger>',
    `  <user_scripts_path>${escapeXml(options.userScriptsPath)}</user_scripts_path>`,
    ...options.functionFiles.map(
      (glob) =>
        `  <user_defined_executable_functions_config>${escapeXml(glob)}</user_defined_executable_functions_config>`,
    ),
    `  <max_build_vector_similarity_index_thread_pool_size>${options.indexThreads}</max_build_vector_similarity_index_thread_pool_size>`,
    '</clickhouse>',
    '',
  ];
  const path = join(options.folder, 'config.xml');
  await writeFile(path, lines.join('\n'));
  return path;
}
