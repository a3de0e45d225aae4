/** The four ways in which protobuf writes a field, as far as event files need them. */
export interface ProtobufField {
  readonly bytes: Uint8Array;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

function field(number: number, wireType: number, content: Uint8Array | readonly number[]): ProtobufField {
  return { bytes: Uint8Array.from([...varint(number * 8 + wireType), ...content]) };
}

/** An integer from 0 to 2^53. */
export function integerField(number: number, value: number): ProtobufField {
  return field(number, VARINT, varint(value));
}

/** A double. */
export function doubleField(number: number, value: number): ProtobufField {
  const content = new Uint8Array(8);
  new DataView(content.buffer).setFloat64(0, value, true);
  return field(number, FIXED_64, content);
}

/** A float. */
export function floatField(number: number, value: number): ProtobufField {
  const content = new Uint8Array(4);
  new DataView(content.buffer).setFloat32(0, value, true);
  return field(number, FIXED_32, content);
}

/** A string. */
export function textField(number: number, text: string): ProtobufField {
  return bytesField(number, new TextEncoder().encode(text));
}

/** A message of its own. */
export function messageField(number: number, ...fields: readonly ProtobufField[]): ProtobufField {
  return bytesField(number, message(...fields));
}

function bytesField(number: number, content: Uint8Array): ProtobufField {
  return field(number, LENGTH_DELIMITED, [...varint(content.byteLength), ...content]);
}

/** The bytes of a message. */
export function message(...fields: readonly ProtobufField[]): Uint8Array {
  return Buffer.concat(fields.map(({ bytes }) => bytes));
}
