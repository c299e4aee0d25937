import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { HubAccess } from './hub-access.ts';
import type { Place } from './inspect-place.ts';

export interface Unreachable {
  readonly hub: Pick<HubAccess, 'url'>;
  readonly repository: string;
  readonly place: Pick<Place, 'path'>;
  readonly reason: string;
}

/** Says that there is no way to the hub, and how to get the model without. */
export function hubUnreachable({ hub, repository, place, reason }: Unreachable): EmbedhouseError {
  return new EmbedhouseError(
    'HUB_UNREACHABLE',
    `${hub.url} cannot be reached (${reason}): copy the files of ${repository} (config.json, tokenizer.json, the other .json files, and what is needed of onnx/) by hand to ${place.path}, or name a mirror with HF_ENDPOINT or --hub`,
  );
}
