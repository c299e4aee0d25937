/** Whether ClickHouse reads a file of this name; a server's default setting for it is `*_function.*ml`. */
export function isFunctionFile(name: string): boolean {
  return /_function\..*ml$/s.test(name);
}

/** Whether a file is YAML by its name. */
export function isYaml(file: string): boolean {
  return /\.ya?ml$/.test(file);
}

/** Writes an element as the file's language does: `<format>` or `<format>CSV</format>` in XML, `'format:'` or `'format: CSV'` in YAML. */
export function showElement(file: string, name: string, value?: string): string {
  if (isYaml(file)) return value === undefined ? `'${name}:'` : `'${name}: ${value}'`;
  return value === undefined ? `<${name}>` : `<${name}>${value}</${name}>`;
}
