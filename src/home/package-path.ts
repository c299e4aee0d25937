import { fileURLToPath } from 'node:url';

/** The folder of the installed package. */
export const packagePath = fileURLToPath(new URL('../../', import.meta.url));
