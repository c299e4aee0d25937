/** How vectors are kept. */
export const vectorTypes = ['Float32', 'BFloat16'] as const;
export type VectorType = (typeof vectorTypes)[number];

/** A column of the table that is filled from the metadata. */
export interface MetadataColumn {
  /** Its name in the table, and in the metadata. */
  name: string;
  type: string;
  /** Its value in SQL; the metadata may hold NULLs, the table does not. */
  value: string;
  /** Types that an existing table may have instead. */
  accepted: RegExp;
}

const text = (name: string): MetadataColumn => ({
  name,
  type: 'String',
  value: `ifNull(CAST(${name} AS Nullable(String)), '')`,
  accepted: /^(?:LowCardinality\()?(?:Nullable\()?String\)*$/,
});

const pixels = (name: string): MetadataColumn => ({
  name,
  type: 'UInt32',
  value: `ifNull(accurateCastOrNull(${name}, 'UInt32'), 0)`,
  accepted: /^(?:Nullable\()?U?Int(?:32|64)\)?$/,
});

/** In the order and with the types of ClickHouse's page on LAION-400M. */
export const documentedColumns: readonly MetadataColumn[] = [
  text('url'),
  text('caption'),
  text('NSFW'),
  {
    name: 'similarity',
    type: 'Float32',
    // Unlike 0, it is in no range that a query may ask for.
    value: 'ifNull(CAST(similarity AS Nullable(Float32)), nan)',
    accepted: /^(?:Nullable\()?Float(?:32|64)\)?$/,
  },
];

/** Columns that a table has too, behind the documented ones, if the metadata has them. */
export const furtherColumns: readonly MetadataColumn[] = [pixels('width'), pixels('height'), text('LICENSE')];

export const vectorColumns = ['image_embedding', 'text_embedding'] as const;
