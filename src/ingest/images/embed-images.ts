import type { ModelHost } from '../../api/model-host.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Embeddings } from '../../api/embeddings.ts';
import type { ImageRow } from './image-row.ts';
import type { ImageTables } from './images-table.ts';
import type { PendingImage } from './plan-images.ts';
import { readImage, readImageHeader, reasonOfFile, type ImageContent } from './read-image.ts';
import { findVectors, readOwnRows, type OwnRow } from './stored-vectors.ts';

/** What became of a file. */
export type Outcome = { image: PendingImage } & (
  | { type: 'row'; row: ImageRow; change: 'new' | 'changed' | 'none' }
  | { type: 'failure'; reason: string }
);

export interface EmbedContext {
  engine: Engine;
  host: ModelHost;
  tables: ImageTables;
  /** Whether the model embeds captions. */
  embedsTexts: boolean;
  signal: AbortSignal;
}

/** How many vectors were computed, and not taken from the table. */
export interface Computed {
  images: number;
  texts: number;
}

type ReadFile = { image: PendingImage } & ({ content: ImageContent } | { reason: string });

/**
 * Reads files and embeds what the table does not hold under the same digest already. A file that cannot be embedded is an
 * outcome, and no error.
 *
 * @throws EmbedhouseError of the host or the engine
 */
export async function embedImages(
  images: readonly PendingImage[],
  context: EmbedContext,
): Promise<{ outcomes: Outcome[]; computed: Computed }> {
  const files = await Promise.all(images.map(async (image) => readFile(image)));
  const readable = files.flatMap((file) => ('content' in file ? file : []));
  const [pictures, own] = await Promise.all([
    embedPictures(readable, context),
    readOwnRows(
      readable.filter(({ image }) => image.isStored).map(({ image }) => image.path),
      context,
    ),
  ]);
  const embedded = readable.filter(({ content }) => pictures.vectors.has(content.sha256));
  const texts = await embedCaptions(
    embedded.map(({ image }) => image).filter(({ path, caption }) => own.get(path)?.caption !== caption),
    context,
  );
  const outcomes = files.map(async (file): Promise<Outcome> => {
    const { image } = file;
    if ('reason' in file) return { type: 'failure', image, reason: file.reason };
    const { bytes, sha256 } = file.content;
    const imageEmbedding = pictures.vectors.get(sha256);
    if (imageEmbedding === undefined) return { type: 'failure', image, reason: pictures.reasons.get(sha256) ?? '' };
    const { path, modified, caption } = image;
    const stored = own.get(path);
    const storedText = stored?.caption === caption && caption !== '' ? stored.textEmbedding : undefined;
    const textEmbedding = texts.get(caption) ?? storedText ?? context.tables.noText;
    try {
      const header = await readImageHeader(bytes);
      const content = { bytes: bytes.length, ...header, sha256, imageEmbedding };
      const change = changeOf(stored, { sha256, caption });
      return { type: 'row', image, row: { path, modified, caption, textEmbedding, ...content }, change };
    } catch (error) {
      return { type: 'failure', image, reason: reasonOfFile(error) };
    }
  });
  return { outcomes: await Promise.all(outcomes), computed: { images: pictures.computed, texts: texts.size } };
}

function changeOf(stored: OwnRow | undefined, now: Pick<OwnRow, 'sha256' | 'caption'>): 'new' | 'changed' | 'none' {
  if (stored === undefined) return 'new';
  return stored.sha256 === now.sha256 && stored.caption === now.caption ? 'none' : 'changed';
}

async function readFile(image: PendingImage): Promise<ReadFile> {
  try {
    return { image, content: await readImage(image.path) };
  } catch (error) {
    return { image, reason: reasonOfFile(error) };
  }
}

/** Vectors, and reasons why there is none, by the digest of the content. */
interface Pictures {
  vectors: Map<string, Float32Array>;
  reasons: Map<string, string>;
  computed: number;
}

async function embedPictures(files: readonly { content: ImageContent }[], context: EmbedContext): Promise<Pictures> {
  const contents = new Map(files.map(({ content }) => [content.sha256, content.bytes]));
  const vectors = await findVectors([...contents.keys()], context);
  const reasons = new Map<string, string>();
  const missing = [...contents].filter(([sha256]) => !vectors.has(sha256));
  const { host, signal } = context;
  const embeddings = await host.encodeImage(
    missing.map(([, bytes]) => bytes),
    { onError: 'zero', signal },
  );
  for (const [index, [sha256, bytes]] of missing.entries()) {
    let vector = rowOf(embeddings, index);
    try {
      // Zeros stand for a bad image: asked for alone, the host says why. The decoder mixes up reasons of a moment.
      if (vector.every((value) => value === 0)) vector = rowOf(await host.encodeImage([bytes], { signal }), 0);
      vectors.set(sha256, vector);
    } catch (error) {
      reasons.set(sha256, reasonOfFile(error));
    }
  }
  return { vectors, reasons, computed: missing.length - reasons.size };
}

/** Embeds captions, each once; none if the model embeds no texts. */
async function embedCaptions(
  images: readonly PendingImage[],
  { host, embedsTexts, signal }: EmbedContext,
): Promise<Map<string, Float32Array>> {
  const captions = [...new Set(images.map(({ caption }) => caption))].filter((caption) => caption !== '');
  if (!embedsTexts) return new Map();
  const embeddings = await host.encodeText(captions, { signal });
  return new Map(captions.map((caption, index) => [caption, rowOf(embeddings, index)]));
}

function rowOf({ vectors, shape: [, dimensions] }: Embeddings, row: number): Float32Array {
  return vectors.subarray(row * dimensions, (row + 1) * dimensions);
}
