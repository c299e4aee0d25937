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
/** Between two texts in a row. */
const gap = 3;
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
 * Places a text beside each point where it covers neither a point, an obstacle nor another text, and no line if that can
 * be, and stays inside `frame`. A point for whose text there is no room gets none; the first points choose first.
 */
export function placeLabels<Labelled extends Point & { text: string }>(
  points: readonly Labelled[],
  { frame, obstacles = [], lines = [] }: { frame: Box; obstacles?: readonly Box[]; lines?: readonly Point[][] },
): Map<Labelled, PlacedLabel> {
  const taken: Box[] = [
    ...obstacles,
    ...points.map(({ x, y }) => ({ left: x - reach, right: x + reach, top: y - reach, bottom: y + reach })),
  ];
  const lineBoxes = lines.flatMap((line) => boxesAlong(line));
  const placed = new Map<Labelled, PlacedLabel>();
  for (const point of points) {
    const free = places
      .map(({ dx, dy, anchor }) => ({ text: point.text, x: point.x + dx, y: point.y + dy, anchor }))
      .filter((label) => isFree(labelBox(label), taken) && isInside(labelBox(label), frame));
    const label = free.find((each) => isFree(labelBox(each), lineBoxes)) ?? free[0];
    if (label !== undefined) {
      taken.push(labelBox(label));
      placed.set(point, label);
    }
  }
  return placed;
}

/** Covers a line with small boxes. */
function boxesAlong(line: readonly Point[]): Box[] {
  return line.slice(1).flatMap((to, at) => {
    const from = line[at] ?? to;
    const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 3);
    return Array.from({ length: steps + 1 }, (_, step) => {
      const share = step / Math.max(1, steps);
      const [x, y] = [from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share];
      return { left: x - 1, right: x + 1, top: y - 1, bottom: y + 1 };
    });
  });
}

/** Where a text lies; a little more than it needs in common fonts. */
export function labelBox({ text, x, y, anchor }: PlacedLabel): Box {
  const width = text.length * characterWidth;
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left: left - gap, right: left + width + gap, top: y - height, bottom: y + 2 };
}

const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const isFree = (box: Box, others: readonly Box[]): boolean => !others.some((other) => overlaps(box, other));

const isInside = (box: Box, frame: Box): boolean =>
  box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
