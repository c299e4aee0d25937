/**
 * Every way in which embedhouse itself fails, with the HTTP status a server answers and the exit code the
 * command line ends with. Errors that come from ClickHouse keep ClickHouse's own code beside `QUERY_FAILED`.
 */
export const errorCodes = {
  USAGE: { httpStatus: 400, exitCode: 2 },
  QUERY_FAILED: { httpStatus: 400, exitCode: 1 },
  QUERY_CANCELLED: { httpStatus: 499, exitCode: 130 },
  DATA_FOLDER_IN_USE: { httpStatus: 503, exitCode: 1 },
  ENGINE_UNAVAILABLE: { httpStatus: 503, exitCode: 1 },
  /** A ClickHouse server that does not answer, or with which no secure connection can be made. */
  SERVER_UNREACHABLE: { httpStatus: 502, exitCode: 1 },
  /** A ClickHouse server that does not let the user in. */
  SERVER_REFUSED: { httpStatus: 502, exitCode: 1 },
  /** What answers is no ClickHouse, or too old a one. */
  SERVER_UNSUITABLE: { httpStatus: 502, exitCode: 1 },
  FUNCTIONS_INVALID: { httpStatus: 500, exitCode: 1 },
  /** The table, its vectors or an index that is there do not admit the vector index asked for. */
  INDEX_REFUSED: { httpStatus: 409, exitCode: 1 },
  /** An index cannot be judged: ClickHouse does not use it, or its table changes meanwhile. */
  INDEX_UNMEASURABLE: { httpStatus: 409, exitCode: 1 },
  MODEL_NOT_INSTALLED: { httpStatus: 404, exitCode: 1 },
  MODEL_INVALID: { httpStatus: 500, exitCode: 1 },
  MODEL_TOO_LARGE: { httpStatus: 507, exitCode: 1 },
  HUB_UNREACHABLE: { httpStatus: 502, exitCode: 1 },
  MODEL_PULL_FAILED: { httpStatus: 502, exitCode: 1 },
  TEXT_INVALID: { httpStatus: 400, exitCode: 1 },
  IMAGE_NOT_FOUND: { httpStatus: 404, exitCode: 1 },
  IMAGE_FORBIDDEN: { httpStatus: 403, exitCode: 1 },
  IMAGE_INVALID: { httpStatus: 400, exitCode: 1 },
  IMAGE_TOO_LARGE: { httpStatus: 413, exitCode: 1 },
  FORMAT_INVALID: { httpStatus: 400, exitCode: 1 },
  HOST_UNAVAILABLE: { httpStatus: 503, exitCode: 1 },
  HOST_OVERLOADED: { httpStatus: 503, exitCode: 1 },
  ENCODER_CRASHED: { httpStatus: 503, exitCode: 1 },
  /** What the user stopped, with Ctrl-C for example. */
  CANCELLED: { httpStatus: 499, exitCode: 130 },
  FILE_UNUSABLE: { httpStatus: 500, exitCode: 1 },
} as const;

export type ErrorCode = keyof typeof errorCodes;
