import Table from 'cli-table3';

/** Prints rows to stdout, aligned and without frames, so that the columns can be cut by other programs. */
export function printTable(head: string[], rows: readonly string[][]): void {
  const table = new Table({
    head: head.every((title) => title === '') ? [] : head,
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  process.stdout.write(`${table.toString().replaceAll(/ +$/gm, '')}\n`);
}
