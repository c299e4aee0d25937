/** What ClickHouse 26.7 does with a format between it and a script; all was seen on the engine, and the tests look again. */
export interface FormatTraits {
  /** Columns are found by their names: arguments go out under theirs, the answer must come under `return_name`. */
  byName?: true;
  /** The end of a row, or of the block, is known only from what follows, so that a pool waits in vain for its answer. */
  readsAhead?: true;
  /** Families of types that it cannot carry. */
  refuses?: readonly string[];
  /** It carries one row, so that a block of more fails. */
  oneRow?: true;
  /** Why no function can use it. */
  unusable?: string;
}

const newerTypes = ['BFloat16', 'Variant', 'Dynamic', 'AggregateFunction', 'Time', 'Time64', 'Interval'];
const newerTypesAndJson = [...newerTypes, 'JSON'];
const arrowRefuses = ['BFloat16', 'Dynamic', 'AggregateFunction', 'Time'];
const times = ['Date', 'Date32', 'DateTime', 'DateTime64'];
const wideNumbers = [
  'Int128',
  'Int256',
  'UInt128',
  'UInt256',
  ...['', '32', '64', '128', '256'].map((n) => `Decimal${n}`),
];
const enums = ['Enum', 'Enum8', 'Enum16'];
const numbers = [
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'Float32',
  'Float64',
  'Bool',
];
const composites = [
  'Tuple',
  'Map',
  'Nested',
  'Point',
  'Ring',
  'Polygon',
  'MultiPolygon',
  'LineString',
  'MultiLineString',
];
const npyRefuses = [
  ...newerTypesAndJson,
  ...wideNumbers,
  ...times,
  ...enums,
  ...composites,
  'UUID',
  'IPv4',
  'IPv6',
  'Nullable',
  'LowCardinality',
];
const allButString = [...npyRefuses.filter((name) => name !== 'LowCardinality'), ...numbers, 'FixedString', 'Array'];

/** Traits by name in lower case, as ClickHouse finds formats; one that is not here has none. */
const traits: Readonly<Record<string, FormatTraits>> = {
  arrow: { byName: true, readsAhead: true, refuses: arrowRefuses },
  arrowstream: { byName: true, refuses: arrowRefuses },
  avro: { byName: true, refuses: newerTypesAndJson },
  avroconfluent: { unusable: 'it needs a schema registry, which a function cannot name' },
  bsoneachrow: { byName: true, refuses: newerTypesAndJson },
  csv: { readsAhead: true },
  csvwithnames: { byName: true, readsAhead: true },
  csvwithnamesandtypes: { byName: true, readsAhead: true },
  customseparatedwithnames: { byName: true },
  customseparatedwithnamesandtypes: { byName: true },
  geojson: { unusable: 'it has no place for a column of results' },
  json: { byName: true },
  jsoncolumns: { byName: true, readsAhead: true },
  jsoncolumnswithmetadata: { byName: true, readsAhead: true },
  jsoncompact: { byName: true },
  jsoncompactcolumns: { readsAhead: true },
  jsoncompacteachrow: { readsAhead: true },
  jsoncompacteachrowwithnames: { byName: true, readsAhead: true },
  jsoncompacteachrowwithnamesandtypes: { byName: true, readsAhead: true },
  jsoncompactstringseachrow: { readsAhead: true },
  jsoncompactstringseachrowwithnames: { byName: true, readsAhead: true },
  jsoncompactstringseachrowwithnamesandtypes: { byName: true, readsAhead: true },
  jsoneachrow: { byName: true },
  jsonl: { byName: true },
  jsonlines: { byName: true },
  jsonobjecteachrow: { byName: true },
  jsonstringseachrow: { byName: true },
  lineasstring: { refuses: allButString },
  msgpack: { refuses: newerTypesAndJson },
  native: { byName: true },
  ndjson: { byName: true },
  npy: { refuses: npyRefuses },
  orc: { byName: true, readsAhead: true, refuses: [...newerTypesAndJson, 'UUID'] },
  parquet: { byName: true, readsAhead: true, refuses: newerTypes },
  protobuf: { refuses: newerTypesAndJson },
  protobuflist: { refuses: newerTypesAndJson },
  protobufsingle: { readsAhead: true, oneRow: true, refuses: [...newerTypesAndJson, ...enums] },
  rawblob: { readsAhead: true, oneRow: true, refuses: allButString.filter((name) => name !== 'Nullable') },
  rawwithnames: { byName: true },
  rawwithnamesandtypes: { byName: true },
  rowbinarywithnames: { byName: true },
  rowbinarywithnamesandtypes: { byName: true },
  tabseparatedrawwithnames: { byName: true },
  tabseparatedrawwithnamesandtypes: { byName: true },
  tabseparatedwithnames: { byName: true },
  tabseparatedwithnamesandtypes: { byName: true },
  template: { unusable: 'it needs settings, which a function cannot give' },
  tskv: { byName: true },
  tsvrawwithnames: { byName: true },
  tsvrawwithnamesandtypes: { byName: true },
  tsvwithnames: { byName: true },
  tsvwithnamesandtypes: { byName: true },
  values: { readsAhead: true },
};

/** Gives what is known of a format by its name in any case. */
export function formatTraits(format: string): FormatTraits {
  const name = format.toLowerCase();
  return Object.hasOwn(traits, name) ? (traits[name] ?? {}) : {};
}
