export { openHost } from './api/open-host.ts';
export type { ModelHost } from './api/model-host.ts';
export type { Embeddings } from './api/embeddings.ts';
export type { DescribedModel } from './api/model-description.ts';
export type {
  DescribeOptions,
  EncodeOptions,
  EncodeTextOptions,
  ModelOptions,
  OpenHostOptions,
} from './api/call-options.ts';
export { EmbedhouseError } from './errors/embedhouse-error.ts';
export type { ErrorCode } from './errors/error-codes.ts';
export type { HostStatus } from './host/host-status.ts';
export type { Dtype } from './models/dtype.ts';
