/** How one picture of an emoji looks; lengths in pixels, colours as CSS writes them. */
export interface EmojiLayout {
  readonly format: 'jpeg' | 'png' | 'webp';
  readonly width: number;
  readonly height: number;
  /** Two colours are a gradient at `gradientAngle` degrees; equal ones are a plain background. */
  readonly background: readonly [string, string];
  readonly gradientAngle: number;
  /** The emoji's side and the position of its upper left corner. */
  readonly side: number;
  readonly left: number;
  readonly top: number;
}

const formats = ['jpeg', 'png', 'webp'] as const;
const aspectRatios = [1, 1, 4 / 3, 3 / 4, 3 / 2, 16 / 9, 2 / 3] as const;
const minShortSide = 160;
const maxShortSide = 360;
const minScale = 0.6;
const maxScale = 0.92;
// 1 would let the emoji touch the central square's edges; a photographer keeps nearer to the middle.
const offCentre = 0.6;

// mulberry32: public-domain 32-bit generator by Tommy Ettinger; small, and the same numbers everywhere.
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function colour(random: () => number): string {
  const hue = Math.floor(random() * 360);
  const saturation = Math.floor(random() * 90);
  const lightness = 25 + Math.floor(random() * 72);
  return `hsl(${hue}, ${saturation}%, ${lightness}%)`;
}

/**
 * Chooses the layout of picture number `id` from the numbers alone, so that every run draws the same. The emoji lies
 * whole inside the central square, which is what CLIP's centre crop keeps. Another `variation` gives another format,
 * size, background and position.
 */
export function chooseEmojiLayout(id: number, variation: number): EmojiLayout {
  const random = randomNumbers(Math.imul(id + 1, 0x9e3779b1) ^ Math.imul(variation + 1, 0x85ebca6b));
  const shortSide = minShortSide + Math.floor(random() * (maxShortSide - minShortSide + 1));
  const ratio = aspectRatios[Math.floor(random() * aspectRatios.length)] ?? 1;
  const width = Math.round(ratio > 1 ? shortSide * ratio : shortSide);
  const height = Math.round(ratio < 1 ? shortSide / ratio : shortSide);
  const side = Math.round(shortSide * (minScale + random() * (maxScale - minScale)));
  const free = shortSide - side;
  const left = Math.round((width - side) / 2 + (random() - 0.5) * free * offCentre);
  const top = Math.round((height - side) / 2 + (random() - 0.5) * free * offCentre);
  const first = colour(random);
  const second = random() < 0.3 ? colour(random) : first;
  return {
    format: formats[(id + variation) % formats.length] ?? 'png',
    width,
    height,
    background: [first, second],
    gradientAngle: Math.floor(random() * 360),
    side,
    left,
    top,
  };
}
