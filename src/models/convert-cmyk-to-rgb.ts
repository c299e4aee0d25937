/**
 * Converts CMYK bytes (0 is no ink) to RGB by plain multiplication, as Pillow does without a colour profile.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Convert.c
 */
export function convertCmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let from = 0, to = 0; from < cmyk.length; from += 4, to += 3) {
    const white = 255 - (cmyk[from + 3] ?? 0);
    for (let ink = 0; ink < 3; ink++) rgb[to + ink] = white - divideBy255((cmyk[from + ink] ?? 0) * white);
  }
  return rgb;
}

function divideBy255(value: number): number {
  const rounded = value + 128;
  return ((rounded >> 8) + rounded) >> 8;
}
