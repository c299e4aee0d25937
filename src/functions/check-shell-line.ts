import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';

import type { ScriptLocation } from './check-script.ts';
import { findProgram, isProgram } from './find-program.ts';

interface ShellFault {
  message: string;
  remedy: string;
}

/** What `sh` does itself: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html, and common additions. */
const shellWords = new Set(
  (
    '! { ( : . [ alias bg bind break case cd command continue do done elif else esac eval exec exit export false fg fi for ' +
    'function getopts hash if in jobs kill let local printf echo pwd read readonly return select set shift source test then ' +
    'time times trap true type ulimit umask unalias unset until wait while }'
  ).split(' '),
);

/** Programs that keep what they write until a buffer is full or their input ends, and how to make them write at once. */
const buffering: readonly { program: RegExp; unless: RegExp; remedy: string }[] = [
  { program: /^[gmn]?awk$/, unless: /-W\s*interactive/, remedy: "write 'mawk -W interactive' and call fflush() in it" },
  { program: /^g?sed$/, unless: /\s(?:-[a-zA-Z]*u|--unbuffered)/, remedy: "write 'sed -u'" },
  { program: /^[ef]?grep$/, unless: /--line-buffered/, remedy: "write 'grep --line-buffered'" },
  { program: /^jq$/, unless: /--unbuffered/, remedy: "write 'jq --unbuffered'" },
  { program: /^perl$/, unless: /\$\|/, remedy: "set '$| = 1' in it" },
  { program: /^(?:tr|cut|rev|head|tac|sort|uniq|paste|fold)$/, unless: /stdbuf/, remedy: 'use a script that flushes' },
];

/** Checks a line that `sh -c` runs: that its programs are there, and that a pool gets its answers while the input stays open. */
export async function checkShellLine(
  line: string,
  { userScriptsPath, searchPath, isPool }: ScriptLocation & { isPool: boolean },
): Promise<ShellFault[]> {
  const faults: ShellFault[] = [];
  const [first = ''] = line.trim().split(/\s+/);
  const isPlain = /^[\w./+-]+$/.test(first) && !shellWords.has(first);
  if (
    isPlain &&
    !(isAbsolute(first) ? await isProgram(first) : first.includes('/') || (await findProgram(first, searchPath)))
  ) {
    const message = isAbsolute(first) ? `'${first}' is no program` : `'${first}' is in no folder of PATH`;
    const isScript = existsSync(join(userScriptsPath, first));
    const remedy = isScript ? 'turn execute_direct on: it is in the user scripts folder' : 'install it, or correct it';
    faults.push({ message: `${message}, so that the shell cannot start it`, remedy });
  }
  const script = line
    .split(/\s+/)
    .slice(isPlain ? 1 : 0)
    .find((word) => isScriptName(word, userScriptsPath));
  if (script !== undefined) {
    const message = `a shell line starts in the folder of ClickHouse's own process, where there is no '${script}'`;
    faults.push({ message, remedy: `name it ${join(userScriptsPath, script)}, or turn execute_direct on` });
  }
  if (isPool) faults.push(...findBuffering(line));
  return faults;
}

function isScriptName(word: string, userScriptsPath: string): boolean {
  return /^(?:\.\/)?[\w-][\w./-]*\.\w+$/.test(word) && existsSync(join(userScriptsPath, word)) && !existsSync(word);
}

function findBuffering(line: string): ShellFault[] {
  if (/\bstdbuf\b/.test(line)) return [];
  return line.split(/\|\|?|&&|;/).flatMap((part): ShellFault[] => {
    const program = basename(
      part
        .trim()
        .split(/\s+/)
        .find((word) => word !== 'exec') ?? '',
    );
    const known = buffering.find((each) => each.program.test(program) && !each.unless.test(part));
    if (!known) return [];
    const message = `'${program}' keeps its answer until its input ends, which in a pool it does not: each call waits for the read timeout and fails`;
    return [{ message, remedy: `${known.remedy}, or use the type 'executable'` }];
  });
}
