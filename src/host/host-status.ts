import type { LoadedTower } from './encoder-messages.ts';

/** What `embedhouse host status --json` prints. Bytes are bytes of memory. */
export interface HostStatus {
  pid: number;
  socket: string;
  log: string;
  uptimeS: number;
  /** Seconds without work after which the host ends; 0: never. */
  idleTimeoutS: number;
  residentBytes: number;
  /** The encoder processes that there can be. */
  encoders: {
    pid: number | null;
    state: 'stopped' | 'starting' | 'ready' | 'closed';
    residentBytes: number;
    restarts: number;
    models: LoadedTower[];
    /** Runs that are with the process. */
    runs: number;
  }[];
  /** The memory of models' weights, and how many towers were loaded and let go since the start. */
  models: { limitBytes: number; usedBytes: number; loads: number; unloads: number };
  /** Rows answered since the start; `zeroed`: bad ones answered with a zero vector. */
  rows: { text: number; image: number; zeroed: number };
  connections: number;
  /** Texts and images that wait. */
  queue: { interactive: number; bulk: number };
  cache: { entries: number; bytes: number; hits: number; misses: number };
}
