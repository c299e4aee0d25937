import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import sharp from 'sharp';

/** A colour, darker at one side than at the other, which is where the light of a photo comes from. */
const shade = (id: string, from: string, to: string, direction = ''): string =>
  `<linearGradient id="${id}" ${direction}><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>`;

const scene = (content: string): Buffer =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480">${content}</svg>`);

// The colour that most of each has is in the middle of one of the steps of 16 in which sharp counts: what an encoder
// changes in it does not count. The other colours are spread over many steps.
const beach = scene(`
  ${shade('sky', '#e8d0b8', '#183868')}<rect width="640" height="480" fill="url(#sky)"/>
  <circle cx="520" cy="90" r="60" fill="#f8e888"/><ellipse cx="170" cy="120" rx="130" ry="40" fill="#f0f0f0"/>
  ${shade('sea', '#3474c4', '#3c7ccc')}<rect y="240" width="640" height="130" fill="url(#sea)"/>
  ${shade('sand', '#705020', '#f8e8c0')}<path d="M0 350 Q200 390 640 340 V480 H0 Z" fill="url(#sand)"/>
  <path d="M300 290 h160 l-40 60 h-80 Z" fill="#602010"/>`);
const forest = scene(`
  ${shade('leaves', '#207030', '#106020')}<rect width="640" height="480" fill="url(#leaves)"/>
  ${shade('trunk', '#583818', '#281808')}<rect x="80" width="60" height="480" fill="url(#trunk)"/>
  <rect x="300" width="80" height="480" fill="url(#trunk)"/><rect x="520" width="50" height="480" fill="url(#trunk)"/>
  ${shade('ground', '#c0a070', '#402000')}<path d="M0 420 L640 330 V480 H0 Z" fill="url(#ground)"/>`);

/** Makes the page's photos: one, the same made smaller, a cut one, and another one that a camera has turned. */
export async function makePhotos(home: string): Promise<string> {
  const folder = join(home, 'photos');
  await mkdir(folder);
  const path = (name: string): string => join(folder, name);
  await sharp(beach).jpeg({ quality: 90 }).toFile(path('beach.jpg'));
  await sharp(path('beach.jpg')).resize(320).webp({ quality: 80 }).toFile(path('beach-small.webp'));
  await sharp(forest).withMetadata({ orientation: 6 }).jpeg().toFile(path('forest.jpg'));
  await writeFile(path('broken.jpg'), (await readFile(path('beach.jpg'))).subarray(0, 5000));
  return folder;
}
