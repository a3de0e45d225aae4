import { isUtf8 } from 'node:buffer';

/** The bytes of a text, borrowed. */
export function textBytes(bytes: Buffer, start: number, end: number): Uint8Array {
  return bytes.subarray(start, end);
}

/**
 * The text of `bytes[start, end)`, a leading U+FEFF included; where it is not UTF-8, those bytes.
 *
 * TextDecoder, which the readers of Parquet and Arrow have inside, drops a leading U+FEFF.
 */
export function decodedText(bytes: Buffer, start: number, end: number): string | Uint8Array {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\uFFFD')) return text;
  const part = bytes.subarray(start, end);
  return isUtf8(part) ? text : part;
}
