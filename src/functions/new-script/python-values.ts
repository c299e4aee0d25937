import type { DataType } from '../../formats/types/data-type.ts';

/** Python's classes by the names of ClickHouse's types, and an expression for their zero value. */
const classes: readonly (readonly [RegExp, string, string])[] = [
  [/^U?Int\d+$/, 'int', '0'],
  [/^B?Float\d+$/, 'float', '0.0'],
  [/^Bool$/, 'bool', 'False'],
  [/^Decimal\(/, 'decimal.Decimal', 'decimal.Decimal(0)'],
  [/^UUID$/, 'uuid.UUID', 'uuid.UUID(int=0)'],
  [/^IPv4$/, 'ipaddress.IPv4Address', 'ipaddress.IPv4Address(0)'],
  [/^IPv6$/, 'ipaddress.IPv6Address', 'ipaddress.IPv6Address(0)'],
  [/^Date(?:32)?$/, 'datetime.date', 'datetime.date(1970, 1, 1)'],
  [/^DateTime(?:64\([0-6]\))?$/, 'datetime.datetime', 'datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)'],
  [/^DateTime64\([789]\)$/, 'str', '"1970-01-01T00:00:00Z"'],
];

function classOf(name: string): { type: string; zero: string } {
  const [, type, zero] = classes.find(([pattern]) => pattern.test(name)) ?? [name, 'str', '""'];
  return { type, zero };
}

/** Gives the type hint of the values that the kit for Python hands over. */
export function pythonType(data: DataType): string {
  switch (data.kind) {
    case 'scalar':
      return classOf(data.scalar.name).type;
    case 'nullable':
      return `Optional[${classOf(data.inner.name).type}]`;
    case 'lowCardinality':
      return pythonType(data.inner);
    case 'array':
      return `list[${pythonType(data.inner)}]`;
    case 'tuple':
      return data.names === undefined ? `tuple[${data.items.map(pythonType).join(', ')}]` : 'dict';
    default:
      return `dict[${pythonType(data.key)}, ${pythonType(data.value)}]`;
  }
}

/** Gives an expression for a value that the kit for Python takes for a type: zero, or empty. */
export function pythonZero(data: DataType): string {
  switch (data.kind) {
    case 'scalar': {
      const [choice] = data.scalar.choices ?? [];
      return choice === undefined ? classOf(data.scalar.name).zero : JSON.stringify(choice);
    }
    case 'nullable':
      return 'None';
    case 'lowCardinality':
      return pythonZero(data.inner);
    case 'array':
      return '[]';
    case 'tuple': {
      const { items, names } = data;
      const zeros = items.map(pythonZero);
      if (names === undefined) return `(${zeros.join(', ')}${zeros.length === 1 ? ',' : ''})`;
      return `{${names.map((name, index) => `${JSON.stringify(name)}: ${zeros[index]}`).join(', ')}}`;
    }
    default:
      return '{}';
  }
}
