import { XMLParser, XMLValidator } from 'fast-xml-parser';
import sharp from 'sharp';
import { expect, test } from 'vitest';

import { plotRecall } from '../../../src/vector-index/recall/plot-recall.ts';
import type { MeasuredIndex, RecallReport, SearchResult } from '../../../src/vector-index/recall/recall-report.ts';

const result = (rest: Partial<SearchResult>): SearchResult => ({
  ef: 16,
  rescoring: false,
  fetchMultiplier: 1,
  filterStrategy: 'auto',
  recall: 0.9,
  meanRows: 10,
  medianMs: 2,
  p99Ms: 3,
  speedup: 10,
  usesIndex: true,
  isDefault: false,
  ...rest,
});

const index = (quantization: MeasuredIndex['quantization'], results: SearchResult[]): MeasuredIndex => ({
  name: quantization,
  quantization,
  m: 32,
  efConstruction: 128,
  diskBytes: 1,
  results,
});

const report = (indexes: MeasuredIndex[], rest: Partial<RecallReport> = {}): RecallReport => ({
  table: 'default.laion',
  column: 'image_embedding',
  distance: 'cosineDistance',
  dimensions: 512,
  rows: 1905,
  isSample: false,
  k: 10,
  queries: 200,
  exact: { medianMs: 20, p99Ms: 30 },
  indexes,
  leftOut: [],
  isInterrupted: false,
  ...rest,
});

interface Element {
  name: string;
  text: string;
  attributes: Record<string, string>;
}

/** All elements of a document, in order. */
function elementsOf(svg: string): Element[] {
  expect(XMLValidator.validate(svg)).toBe(true);
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
  });
  const visit = (nodes: Record<string, unknown>[]): Element[] =>
    nodes.flatMap((node) => {
      const [name = ''] = Object.keys(node);
      const children = node[name];
      if (!Array.isArray(children)) return [];
      const attributes = (node[':@'] ?? {}) as Record<string, string>; // As the parser is told to give them.
      const text = (children as Record<string, unknown>[])
        .map((child) => (typeof child['#text'] === 'string' ? child['#text'] : ''))
        .join('');
      return [{ name, text, attributes }, ...visit(children as Record<string, unknown>[])]; // Elements are arrays.
    });
  return visit(parser.parse(svg) as Record<string, unknown>[]); // With `preserveOrder`.
}

const withClass = (elements: readonly Element[], wanted: string): Element[] =>
  elements.filter(({ attributes }) => attributes['class']?.split(' ').includes(wanted));

const numberOf = ({ attributes }: Element, name: string): number => Number(attributes[name]);

test('shows faster searches further left and better ones higher, each with its ef', () => {
  const results = [
    result({ ef: 16, recall: 0.8, medianMs: 1 }),
    result({ ef: 64, recall: 0.95, medianMs: 2, isDefault: true }),
    result({ ef: 512, recall: 1, medianMs: 8 }),
  ];
  const elements = elementsOf(plotRecall(report([index('bf16', results)])));
  const points = elements.filter(({ name, attributes }) => name === 'circle' && attributes['class']?.includes('dot'));
  const [poor, middle, good] = points;
  if (poor === undefined || middle === undefined || good === undefined) throw new Error('three points are missing');
  expect(numberOf(poor, 'cx')).toBeLessThan(numberOf(middle, 'cx'));
  expect(numberOf(middle, 'cx')).toBeLessThan(numberOf(good, 'cx'));
  expect(numberOf(poor, 'cy')).toBeGreaterThan(numberOf(middle, 'cy'));
  expect(numberOf(middle, 'cy')).toBeGreaterThan(numberOf(good, 'cy'));
  // On a logarithmic axis a factor is always as wide: 2 to 8 is twice 1 to 2.
  expect(numberOf(good, 'cx') - numberOf(middle, 'cx')).toBeCloseTo(
    2 * (numberOf(middle, 'cx') - numberOf(poor, 'cx')),
    0,
  );

  const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
  expect(texts).toEqual(expect.arrayContaining(['16', '64', '512', 'no rescoring', 'exact, 20.0 ms']));
  const exact = withClass(elements, 'exact').find(({ name }) => name === 'line');
  expect(exact && numberOf(exact, 'x1')).toBeGreaterThan(numberOf(good, 'cx'));
  const [ring] = withClass(elements, 'ring');
  expect(ring && numberOf(ring, 'cx')).toBe(numberOf(middle, 'cx'));
});

test('lays no text on another, however close the points are', () => {
  const crowd = [false, true].flatMap((rescoring) =>
    [16, 32, 64, 128, 256, 512].map((ef, at) =>
      result({ ef, rescoring, recall: 0.99 + at * 0.0015, medianMs: 2 + at * 0.05 + (rescoring ? 0.02 : 0) }),
    ),
  );
  const quantizations = ['f32', 'f16', 'bf16', 'i8', 'b1'] as const;
  const svg = plotRecall(
    report(
      quantizations.map((each) => index(each, crowd)),
      { isSample: true },
    ),
  );
  const boxes = withClass(elementsOf(svg), 'label')
    .filter(({ attributes }) => !attributes['class']?.includes('halo'))
    .map((label) => {
      const width = label.text.length * 6.4;
      const x = numberOf(label, 'x');
      const left = { start: x, middle: x - width / 2, end: x - width }[label.attributes['text-anchor'] ?? 'start'] ?? x;
      return { left, right: left + width, top: numberOf(label, 'y') - 9, bottom: numberOf(label, 'y') };
    });
  expect(boxes.length).toBeGreaterThan(8);
  const overlapping = boxes.flatMap((a, at) =>
    boxes.slice(at + 1).filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom),
  );
  expect(overlapping).toEqual([]);
});

test('tells lines apart by name and colour, and leaves those out that say nothing more', () => {
  const ways = [
    result({}),
    result({ rescoring: true, medianMs: 3 }),
    result({ rescoring: true, fetchMultiplier: 4, medianMs: 4 }),
  ];
  const legendOf = (svg: string): string[] =>
    elementsOf(svg)
      .filter(({ name, attributes }) => name === 'text' && Number(attributes['x']) > 760)
      .map(({ text }) => text);
  expect(legendOf(plotRecall(report([index('bf16', ways)])))).toEqual([
    'no rescoring',
    'rescoring × 1',
    'rescoring × 4',
  ]);
  expect(legendOf(plotRecall(report([index('f32', ways), index('b1', ways)], { isSample: true })))).toEqual([
    'f32, no rescoring',
    'f32, rescoring × 4',
    'b1, no rescoring',
    'b1, rescoring × 4',
  ]);
  const filtered = [
    result({ filterStrategy: 'prefilter', usesIndex: false, recall: 1 }),
    ...ways.map((way) => ({ ...way, filterStrategy: 'auto' as const })),
    ...ways.map((way) => ({ ...way, filterStrategy: 'postfilter' as const })),
  ];
  expect(legendOf(plotRecall(report([index('bf16', filtered)], { filter: 'id > 7' })))).toEqual([
    'prefilter (no index)',
    'postfilter, no rescoring',
    'postfilter, rescoring × 1',
    'postfilter, rescoring × 4',
  ]);
});

test('writes any name as text', () => {
  const svg = plotRecall(report([index('bf16', [result({})])], { table: 'a.<b>&"', filter: "caption = ']]>'" }));
  const [title] = withClass(elementsOf(svg), 'title');
  expect(title?.text).toBe('recall@10 over latency: a.<b>&".image_embedding');
});

test('draws one single point, and all at the same recall', async () => {
  for (const results of [
    [result({ recall: 0, medianMs: 20 })],
    [result({ recall: 1 }), result({ ef: 32, recall: 1 })],
  ]) {
    const svg = plotRecall(report([index('bf16', results)]));
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    const { width, height } = await sharp(Buffer.from(svg)).metadata();
    expect({ width, height }).toEqual({ width: 960, height: 600 });
  }
});
