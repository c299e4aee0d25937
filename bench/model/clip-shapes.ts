/** The sizes of one transformer. */
export interface TransformerShape {
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
}

/** The sizes of OpenAI's CLIP ViT-B/32 (its published config.json). */
export const clipShapes = {
  dimensions: 512,
  text: { width: 512, heads: 8, layers: 12, vocabulary: 49_408, maxTokens: 77 },
  image: { width: 768, heads: 12, layers: 12, size: 224, patch: 32, channels: 3 },
} as const;

/** Patches and the class token. */
export const imageTokens = (clipShapes.image.size / clipShapes.image.patch) ** 2 + 1;

/**
 * Floating-point operations of one text: two for each multiply-add of all matrix products, over all tokens and layers
 * as the published graph computes them. A host that computes less (the last layer for the pooled token only) is
 * credited with the same work, so that it may exceed a plain matrix product's rate.
 */
export function textFlops(tokens: number): number {
  const { width } = clipShapes.text;
  return layersFlops(clipShapes.text, tokens) + 2 * width * clipShapes.dimensions;
}

/** Floating-point operations of one image, counted in the same way. */
export function imageFlops(): number {
  const { width, patch, channels } = clipShapes.image;
  const patches = 2 * (imageTokens - 1) * channels * patch ** 2 * width;
  return patches + layersFlops(clipShapes.image, imageTokens) + 2 * width * clipShapes.dimensions;
}

/** Per layer and token: 4 width² for attention's projections, 8 width² for the MLP, 2 width for each token attended to. */
function layersFlops({ width, layers }: TransformerShape, tokens: number): number {
  return 2 * layers * (12 * width ** 2 * tokens + 2 * width * tokens ** 2);
}
