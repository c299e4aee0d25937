/** What a model's image tower expects: RGB, resized with Pillow's bicubic filter, centre-cropped, normalised. */
export interface ImageSpec {
  /** Length in pixels of the shorter side after resizing. */
  readonly shortSide: number;
  /** Width and height in pixels of the centre crop that the tower sees. */
  readonly size: number;
  /** Subtracted from each channel (red, green, blue) after scaling to 0..1. */
  readonly mean: readonly [number, number, number];
  /** Divides each channel (red, green, blue) after subtracting the mean. */
  readonly std: readonly [number, number, number];
}
