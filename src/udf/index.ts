export { parameters } from './parameters.ts';
export type { BlockFunction } from './block-runner.ts';
export type { RowFunction } from './row-runner.ts';
export { serve } from './serve.ts';
export type { BlockOptions, ServeOptions, TypesInCode } from './serve-options.ts';
export type { ColumnsOf, ValueOf, ValuesOf } from './value-of.ts';
