/** A name of ClickHouse's, and whether SQL may write it in any case. */
export interface VocabularyName {
  name: string;
  caseInsensitive: boolean;
}

/** The names that the engine at hand knows; `vocabularyQueries` asks for them. */
export interface EngineVocabulary {
  /** ClickHouse's own functions, ordinary and aggregate, without those that users defined. */
  functions: readonly VocabularyName[];
  /** Formats that ClickHouse can both read and write; it finds them in any case. */
  formats: readonly string[];
  /** Families of data types, such as `Array` or `DateTime64`. */
  types: readonly VocabularyName[];
}

/** Queries whose rows, with a column `name` (and `caseInsensitive`, 0 or 1), are the parts of an `EngineVocabulary`. */
export const vocabularyQueries = {
  functions: "SELECT name, case_insensitive AS caseInsensitive FROM system.functions WHERE origin = 'System'",
  formats: 'SELECT name FROM system.formats WHERE is_input AND is_output',
  types: 'SELECT name, case_insensitive AS caseInsensitive FROM system.data_type_families',
} as const satisfies Record<keyof EngineVocabulary, string>;
