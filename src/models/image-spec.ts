/** What a model's image tower expects: RGB, resized with one of Pillow's filters, centre-cropped, normalised. */
export interface ImageSpec {
  /**
   * `short-side`: the shorter side gets the length `shortSide`, and the longer one keeps the image's shape. `stretch`:
   * both sides get it.
   */
  readonly resize: 'short-side' | 'stretch';
  /** Length in pixels after resizing. */
  readonly shortSide: number;
  readonly filter: 'bicubic' | 'bilinear';
  /** Width and height in pixels of the centre crop that the tower sees. */
  readonly size: number;
  /** Where a crop begins whose margin has an odd number of pixels: torchvision rounds half to even, others cut it off. */
  readonly cropStart: 'half-to-even' | 'floor';
  /** Subtracted from each channel (red, green, blue) after scaling to 0..1. */
  readonly mean: readonly [number, number, number];
  /** Divides each channel (red, green, blue) after subtracting the mean. */
  readonly std: readonly [number, number, number];
}
