export const batchFormatNames = ['TabSeparated', 'JSONEachRow', 'RowBinary', 'Native'] as const;

/** A format in which values of all types are read and written. */
export type BatchFormatName = (typeof batchFormatNames)[number];
