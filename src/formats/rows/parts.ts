import type { DataType } from '../types/data-type.ts';
import type { Scalar } from '../types/scalar.ts';
import { unexpected, ValueError } from '../types/value-error.ts';

/** The elements of what a function returned for an array: an array, or any typed array. @throws ValueError */
export function elementsOf(value: unknown): ArrayLike<unknown> {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as unknown as ArrayLike<unknown>; // All other views are typed arrays.
  throw unexpected('an array', value);
}

/** The elements of what a function returned for a tuple: an array, or an object where the elements have names. */
export function itemsOf({ items, names }: Extract<DataType, { kind: 'tuple' }>, value: unknown): ArrayLike<unknown> {
  if (Array.isArray(value)) {
    if (value.length === items.length) return value;
    throw new ValueError(`expected a tuple of ${items.length} elements, got ${value.length}`);
  }
  if (names === undefined || typeof value !== 'object' || value === null) {
    const shape = names === undefined ? `an array of ${items.length}` : `an object with ${names.join(', ')}`;
    throw unexpected(shape, value);
  }
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw unexpected(`an object with ${missing}`, value);
  return names.map((name): unknown => Reflect.get(value, name));
}

/** The entries of what a function returned for a map: a Map, or an object whose keys are texts of the key's type. */
export function entriesOf({ key }: Extract<DataType, { kind: 'map' }>, value: unknown): [unknown, unknown][] {
  if (value instanceof Map) return [...value];
  const isObject = typeof value === 'object' && value !== null;
  if (!isObject || Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof Date) {
    throw unexpected('a Map or an object', value);
  }
  const scalar = scalarOf(key);
  return Object.entries(value).map(([name, item]) => [scalar === undefined ? name : keyFrom(scalar, name), item]);
}

function keyFrom(scalar: Scalar, name: string): unknown {
  if (scalar.isQuoted) return name;
  try {
    return scalar.parse(name);
  } catch (error) {
    throw new ValueError(`expected keys that are ${scalar.name}, got '${name}'`, { cause: error });
  }
}

/** The scalar inside, if there is one. */
export function scalarOf(type: DataType): Scalar | undefined {
  if (type.kind === 'scalar') return type.scalar;
  if (type.kind === 'nullable') return type.inner;
  return type.kind === 'lowCardinality' ? scalarOf(type.inner) : undefined;
}

/** Puts a tuple's elements together as the function gets them. */
export function makeTuple(names: readonly string[] | undefined, items: readonly unknown[]): unknown {
  if (names === undefined) return items;
  return Object.fromEntries(names.map((name, index) => [name, items[index]]));
}
