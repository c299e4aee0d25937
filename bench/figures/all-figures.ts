import type { Figure } from '../figure.ts';
import { besideBulkFigure } from './query-beside-bulk.ts';
import { cachedQueryFigure } from './cached-query.ts';
import { coldStartFigure } from './cold-start.ts';
import { concurrentBulkFigure } from './concurrent-bulk.ts';
import { imageFigure, imageInt8RowFigure } from './image-throughput.ts';
import { laionFigure } from './laion-ingest.ts';
import { memoryFigure } from './memory.ts';
import { pythonFigure } from './python-script.ts';
import { textFigure, textInt8RowFigure } from './text-throughput.ts';
import { udfFigure } from './udf-throughput.ts';
import { warmQueryFigure } from './warm-query.ts';

/** In the order of the table. */
export const allFigures: readonly Figure[] = [
  textFigure,
  textInt8RowFigure,
  imageFigure,
  imageInt8RowFigure,
  pythonFigure,
  warmQueryFigure,
  besideBulkFigure,
  cachedQueryFigure,
  concurrentBulkFigure,
  memoryFigure,
  coldStartFigure,
  laionFigure,
  udfFigure,
];
