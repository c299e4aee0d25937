import type { Buffer } from 'node:buffer';

const maxShownBytes = 60;

/** Shows a row's value in an error: quoted, on one line, shortened; bytes that are no text as `\xNN`. */
export function showValue(value: Buffer): string {
  const shown = value.subarray(0, maxShownBytes);
  // Cutting may split the last character: a streaming decoder leaves it out.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(shown, { stream: value.length > maxShownBytes });
  const readable = text.includes('\uFFFD')
    ? shown
        .toString('latin1')
        .replaceAll(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
    : text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, showControl);
  return value.length > maxShownBytes ? `'${readable}…' (${value.length} bytes)` : `'${readable}'`;
}

function showControl(character: string): string {
  const shown = JSON.stringify(character).slice(1, -1);
  return shown === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : shown;
}
