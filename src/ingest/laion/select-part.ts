import { quoteString } from '../../engine/quote-string.ts';
import { vectorColumns } from './laion-columns.ts';
import { firstIdOf, type CheckedPart } from './laion-part.ts';
import type { LaionTable } from './laion-table.ts';

/** A block of this many bytes of floats is read and passed on at a time; the reader keeps some twenty. */
const blockBytes = 2 * 1024 * 1024;
const floatBytes = 4;

/** The columns that a part's rows fill, in the order in which `selectPart` gives them. */
export const filledColumns = (part: CheckedPart, table: LaionTable): string[] => [
  'id',
  ...availableColumns(part, table).map(({ name }) => name),
  ...vectorColumns,
];

const availableColumns = (part: CheckedPart, table: LaionTable): LaionTable['columns'] =>
  table.columns.filter(({ name }) => part.metadataColumns.includes(name));

/**
 * Writes the SELECT of a part's rows from its three files. `PASTE JOIN` puts rows side by side as they come, so that each
 * file must be read in order: by one thread, which is also as fast as two are, as float16 is decoded in one. The rows'
 * numbers are compared all the same: a setting that changed it would else mix up images.
 */
export function selectPart(part: CheckedPart, table: LaionTable): string {
  const metadata = availableColumns(part, table);
  const isMixedUp = 'row != image_row OR row != text_row';
  const id = `${firstIdOf(part.number)} + row + throwIf(${isMixedUp}, 'rows of different images side by side')`;
  return `SELECT toInt64(${id}) AS id, ${metadata.map(({ name, value }) => `${value} AS ${name}`).join(', ')},
    image_embedding, text_embedding
FROM
(
    SELECT assumeNotNull(_row_number) AS row, ${metadata.map(({ name }) => name).join(', ')}
    FROM file(${quoteString(part.readable.metadataPath)}, Parquet)
) AS metadata
PASTE JOIN (SELECT assumeNotNull(_row_number) AS image_row, array AS image_embedding FROM file(${quoteString(part.readable.imagePath)}, Npy)) AS images
PASTE JOIN (SELECT assumeNotNull(_row_number) AS text_row, array AS text_embedding FROM file(${quoteString(part.readable.textPath)}, Npy)) AS texts`;
}

/** The settings of that SELECT; mapped files would count as memory. */
export function readSettings({ dimensions }: CheckedPart): string {
  const rows = Math.max(64, Math.floor(blockBytes / (dimensions * floatBytes * vectorColumns.length)));
  return [
    'max_threads = 1',
    'parallelize_output_from_storages = 0',
    'input_format_parquet_preserve_order = 1',
    `max_block_size = ${rows}`,
    `input_format_parquet_max_block_size = ${rows}`,
    "storage_file_read_method = 'pread'",
  ].join(', ');
}
