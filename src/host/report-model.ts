import type { Dtype } from '../models/dtype.ts';
import { type Origin, readOrigin } from '../models/hub/read-origin.ts';
import { type MeasuredTower, type MeasuredVariant, measureVariants } from '../models/measure-variants.ts';
import { digestModel, modelId } from '../models/model-digest.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import type { Int8RowReport } from '../models/quantize-model.ts';
import { readInt8RowReport } from '../models/read-int8-row-report.ts';
import { type DefinedCommand, findModelUses, type ModelUse } from './find-model-uses.ts';
import type { HostStatus } from './host-status.ts';
import { fingerprintOf, towerKeyOf } from './model-registry.ts';

/** All that `embedhouse models show --json` prints of an installed model. */
export interface ModelReport extends ModelFolder {
  /** Whether functions that name no model use it. */
  readonly isDefault: boolean;
  /** Undefined where it was not pulled. */
  readonly pulled: Origin | undefined;
  readonly variants: readonly ReportedVariant[];
  /** How well int8-row agrees with fp32; undefined where it was not made here. */
  readonly int8Row: Int8RowReport | undefined;
  /** The functions of the home that run it. */
  readonly functions: readonly ModelUse[];
}

export interface ReportedVariant extends MeasuredVariant {
  readonly towers: readonly (MeasuredTower & {
    /** Whether the running host holds it in memory. */
    readonly isLoaded: boolean;
  })[];
  /** What `encode_text_model('id')` answers of it; undefined where its digest was not asked for. */
  readonly id: string | undefined;
}

export interface ReportOptions {
  /** Where this machine keeps prepared graphs. */
  readonly graphsPath: string;
  /** Of the running host; undefined where none runs. */
  readonly status: HostStatus | undefined;
  /** Of the home's function files. */
  readonly definitions: readonly DefinedCommand[];
  /** The model of functions that name none. */
  readonly defaultModel: string;
  /** The dtypes whose digests are computed, which reads all of their files: seconds for a large model. */
  readonly digests: readonly Dtype[];
}

/** Gathers what there is to say about an installed model. */
export async function reportModel(folder: ModelFolder, options: ReportOptions): Promise<ModelReport> {
  const { graphsPath, status, definitions, defaultModel, digests } = options;
  const [pulled, int8Row, measured] = await Promise.all([
    readOrigin(folder),
    readInt8RowReport(folder),
    measureVariants(folder, graphsPath),
  ]);
  const loaded = new Set(status?.encoders.flatMap(({ models }) => models.map(({ key }) => key)));
  const fingerprint = fingerprintOf(folder);
  const variants: ReportedVariant[] = [];
  for (const variant of measured) {
    const { dtype } = variant;
    variants.push({
      ...variant,
      towers: variant.towers.map((tower) => ({
        ...tower,
        isLoaded: loaded.has(towerKeyOf(fingerprint, dtype, tower.tower)),
      })),
      id: digests.includes(dtype) ? modelId(folder.name, dtype, await digestModel(folder, dtype)) : undefined,
    });
  }
  return {
    ...folder,
    isDefault: folder.name === defaultModel,
    pulled,
    variants,
    int8Row,
    functions: findModelUses(definitions, folder, defaultModel),
  };
}
