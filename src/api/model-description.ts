import * as z from 'zod';

import { dtypes, type Dtype } from '../models/dtype.ts';

/** The model that embeds: what is to be kept beside its vectors. */
export interface DescribedModel {
  /** All of it in one line: two vectors may be compared only if their models' ids are equal. */
  id: string;
  model: string;
  dtype: Dtype;
  /** SHA-256 over the files that decide the vectors, in hexadecimal. */
  digest: string;
  dimensions: number;
}

const descriptionSchema = z.object({
  id: z.string(),
  model: z.string(),
  dtype: z.enum(dtypes),
  digest: z.string(),
  dimensions: z.coerce.number().int(),
});

/** What the host is asked, in this order. */
export const describedFields = Object.keys(descriptionSchema.shape);

/** Reads the host's answer: a line for each of `describedFields`. */
export function readDescription(answer: string): DescribedModel {
  const lines = answer.split('\n');
  return descriptionSchema.parse(Object.fromEntries(describedFields.map((field, index) => [field, lines[index]])));
}
