/** The files of one part, as clip-retrieval writes them: row `n` of each belongs to the same image. */
export interface LaionPart {
  /** The number in the files' names. */
  number: number;
  /** `img_emb_<number>.npy`; absolute, as the next two. */
  imagePath: string;
  /** `text_emb_<number>.npy` */
  textPath: string;
  /** `metadata_<number>.parquet` */
  metadataPath: string;
}

/** A part that is not loaded, and why. */
export interface LeftOutPart {
  number: number;
  reason: string;
}

/** The paths of a part's files as ClickHouse's `file()` can take them. */
export type ReadablePaths = Pick<LaionPart, 'imagePath' | 'textPath' | 'metadataPath'>;

/** A part whose files fit together. */
export interface CheckedPart extends LaionPart {
  readable: ReadablePaths;
  rows: number;
  dimensions: number;
  /** The names of the metadata's columns. */
  metadataColumns: readonly string[];
  /** Bytes of the three files. */
  bytes: number;
  /** Of those, the metadata's. */
  metadataBytes: number;
}

/** More than any published part has by far: LAION's have about a million rows. */
export const maxRowsOfPart = 100_000_000;

/** The id of a part's first row: row `n` of part 12 has the id 1 200 000 000 + n, in every load. */
export const firstIdOf = (part: number): number => part * maxRowsOfPart;

/** The condition under which a row's id is of the part. */
export const isOfPart = (part: number): string => `id >= ${firstIdOf(part)} AND id < ${firstIdOf(part + 1)}`;
