/** Types that are tried together: a function takes one of each, and returns them as a tuple; a single one as it is. */
export interface RoundTripCase {
  types: readonly string[];
  /** What ClickHouse's generator does not make: the values in SQL, from the random values of another type. */
  from?: { type: string; sql: string };
  /** Left out of a format in which ClickHouse's own text of such values does not say all. */
  not?: 'JSONEachRow';
  /** Called more than once for one query: its processes are kept. */
  isRepeated?: true;
  /** Compared as sets of entries. */
  hasMaps?: true;
}

export const roundTripCases: readonly RoundTripCase[] = [
  { types: [8, 16, 32, 64, 128, 256].flatMap((bits) => [`Int${bits}`, `UInt${bits}`]) },
  { types: ['Float32', 'Float64', 'Bool'] },
  { types: ['BFloat16'], from: { type: 'Float32', sql: 'toBFloat16(x)' } },
  { types: ['Decimal(9, 3)', 'Decimal(18, 0)', 'Decimal(38, 20)', 'Decimal(76, 30)', 'Decimal64(5)'] },
  { types: ['UUID', 'IPv4', 'IPv6'] },
  { types: ['Date', 'Date32', 'DateTime', "DateTime('UTC')", "DateTime64(3, 'Asia/Kathmandu')", 'DateTime64(0)'] },
  { types: ["DateTime64(9, 'UTC')"] },
  { types: ["DateTime64(6, 'America/New_York')"] },
  { types: ["DateTime('Europe/Berlin')"] },
  { types: ["Enum8('a' = -1, 'it''s é\\t' = 2)"] },
  { types: ["Enum16('x' = 1000, 'y' = -1000)", "Enum('p', 'q')"] },
  { types: ['UInt64'] },
  { types: ['Float64'] },
  { types: ['String'] },
  { types: ['FixedString(7)'], not: 'JSONEachRow' },
  { types: ['Nullable(String)'] },
  {
    types: [
      'Nullable(UInt64)',
      'Nullable(Decimal(9, 2))',
      "Nullable(DateTime64(6, 'UTC'))",
      'Nullable(UUID)',
      'Nullable(Bool)',
    ],
  },
  { types: ['LowCardinality(String)'], isRepeated: true },
  { types: ['LowCardinality(Nullable(String))'], isRepeated: true },
  {
    types: ['Array(UInt8)', 'Array(Float32)', 'Array(Int256)', 'Array(Decimal(38, 5))', "Array(DateTime64(3, 'UTC'))"],
  },
  { types: ['Array(Array(Nullable(String)))'] },
  { types: ['Array(LowCardinality(String))', "Array(Enum8('q' = 1))", 'Array(Date)', 'Array(Bool)'] },
  { types: ['Array(LowCardinality(Nullable(FixedString(2))))'], not: 'JSONEachRow' },
  { types: ['Tuple(UInt8, String)'] },
  { types: ['Tuple(a UInt64, `b c` Array(Date), d Tuple(x Float64, y Nullable(UUID)))'] },
  { types: ['Map(String, UInt64)'], hasMaps: true },
  { types: ['Map(UInt8, Array(String))'], hasMaps: true },
  { types: ['Map(LowCardinality(String), Array(LowCardinality(String)))'], hasMaps: true },
  { types: ['Map(Date, Map(UUID, Nullable(Decimal(9, 2))))'], hasMaps: true },
  { types: ['Nested(a UInt8, b String)'] },
  { types: ['Array(Tuple(IPv6, Bool))', 'Point', 'MultiPolygon'] },
  { types: ['SimpleAggregateFunction(sum, UInt64)'] },
];
