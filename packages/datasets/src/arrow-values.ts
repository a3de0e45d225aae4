import { type Data, DataType, Vector } from 'apache-arrow';
import { decodedText } from './decoded-text.js';
import type { TypedColumn } from './typed-columns.js';

/** What a column of this type holds. */
export function arrowHolds(type: DataType): TypedColumn['holds'] {
  if (isText(type)) return 'text';
  return isList(type) && isText(itemType(type)) ? 'texts' : 'other';
}

function isText(type: DataType): boolean {
  if (DataType.isDictionary(type)) return isText(type.dictionary as DataType);
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
}

function isList(type: DataType): boolean {
  return DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type);
}

function itemType(type: DataType): DataType {
  return (type.children[0] as { readonly type: DataType }).type;
}

/** Gives the value of a row: a text (or bytes that are none), a number, a list of these, null. */
export type ValueAt = (row: number) => unknown;

/** What becomes of the bytes of a text. */
export type TextOf = (bytes: Buffer, start: number, end: number) => string | Uint8Array;

/** Reads one column of a record batch; its texts, but not those in lists, are what `textOf` makes of them. */
export function arrowValues(data: Data, textOf: TextOf = decodedText): ValueAt {
  const values = presentValues(data, textOf);
  return (row) => (data.getValid(row) ? values(row) : null);
}

function presentValues(data: Data, textOf: TextOf): ValueAt {
  const { type } = data;
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return offsetTexts(data, textOf);
  if (DataType.isUtf8View(type)) return viewedTexts(data, textOf);
  if (DataType.isDictionary(type)) return dictionaryValues(data, textOf);
  if (isList(type)) return lists(data);
  const vector = new Vector([data]);
  return (row) => {
    const value: unknown = vector.get(row);
    return typeof value === 'bigint' ? Number(value) : value;
  };
}

function offsetTexts(data: Data, textOf: TextOf): ValueAt {
  const bytes = bufferOf(data.values as Uint8Array);
  const offsets = data.valueOffsets as Int32Array | BigInt64Array;
  return (row) => textOf(bytes, Number(offsets[row]), Number(offsets[row + 1]));
}

/** 16 bytes a text: its length, and the text itself or, of a longer one, four bytes of it, its buffer and its place there. */
function viewedTexts(data: Data, textOf: TextOf): ValueAt {
  const views = bufferOf(data.values as Uint8Array);
  const buffers = data.variadicBuffers.map(bufferOf);
  return (row) => {
    const at = row * 16;
    const length = views.readInt32LE(at);
    if (length <= 12) return textOf(views, at + 4, at + 4 + length);
    const start = views.readInt32LE(at + 12);
    const buffer = buffers[views.readInt32LE(at + 8)];
    if (buffer === undefined) throw new Error('a text in a buffer that is not there');
    return textOf(buffer, start, start + length);
  };
}

function dictionaryValues(data: Data, textOf: TextOf): ValueAt {
  const entries: unknown[] = [];
  for (const chunk of data.dictionary?.data ?? []) {
    const at = arrowValues(chunk, textOf);
    for (let row = 0; row < chunk.length; row++) entries.push(at(row));
  }
  const indices = data.values as ArrayLike<number | bigint>;
  return (row) => entries[Number(indices[row])];
}

function lists(data: Data): ValueAt {
  const { type, valueOffsets } = data;
  const items = arrowValues(data.children[0] as Data);
  const size = DataType.isFixedSizeList(type) ? type.listSize : undefined;
  const edge = (row: number): number =>
    size === undefined ? Number((valueOffsets as ArrayLike<number | bigint>)[row]) : row * size;
  return (row) => {
    const first = edge(row);
    return Array.from({ length: edge(row + 1) - first }, (_, index) => items(first + index));
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
