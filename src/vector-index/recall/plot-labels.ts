export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface PlacedLabel extends Point {
  text: string;
  /** As SVG's text-anchor. */
  anchor: 'start' | 'middle' | 'end';
}

const characterWidth = 6.6;
const height = 11;
/** The space that a point takes, from its middle. */
const reach = 6;

const places: { dx: number; dy: number; anchor: PlacedLabel['anchor'] }[] = [
  { dx: 0, dy: -9, anchor: 'middle' },
  { dx: 0, dy: 19, anchor: 'middle' },
  { dx: 9, dy: 4, anchor: 'start' },
  { dx: -9, dy: 4, anchor: 'end' },
  { dx: 7, dy: -7, anchor: 'start' },
  { dx: -7, dy: -7, anchor: 'end' },
  { dx: 7, dy: 16, anchor: 'start' },
  { dx: -7, dy: 16, anchor: 'end' },
];

/**
 * Places a text beside each point where it covers neither a point nor another text, and stays inside `frame`. A point
 * for whose text there is no room gets none; the first points choose first.
 */
export function placeLabels<Labelled extends Point & { text: string }>(
  points: readonly Labelled[],
  { frame, obstacles = [] }: { frame: Box; obstacles?: readonly Box[] },
): Map<Labelled, PlacedLabel> {
  const taken: Box[] = [
    ...obstacles,
    ...points.map(({ x, y }) => ({ left: x - reach, right: x + reach, top: y - reach, bottom: y + reach })),
  ];
  const placed = new Map<Labelled, PlacedLabel>();
  for (const point of points) {
    for (const { dx, dy, anchor } of places) {
      const label = { text: point.text, x: point.x + dx, y: point.y + dy, anchor };
      const box = labelBox(label);
      if (isInside(box, frame) && !taken.some((other) => overlaps(box, other))) {
        taken.push(box);
        placed.set(point, label);
        break;
      }
    }
  }
  return placed;
}

/** Where a text lies; a little more than it needs in common fonts. */
export function labelBox({ text, x, y, anchor }: PlacedLabel): Box {
  const width = text.length * characterWidth;
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left, right: left + width, top: y - height, bottom: y + 2 };
}

const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const isInside = (box: Box, frame: Box): boolean =>
  box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
