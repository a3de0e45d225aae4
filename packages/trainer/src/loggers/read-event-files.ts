/** Reads event files by the bytes alone, for tests; knows nothing of the code that writes them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A message as numbers of fields and their values: numbers, or bytes. */
type Fields = [number: number, value: number | Uint8Array][];

/** What a folder of event files holds. */
export interface EventFileContent {
  readonly version: string;
  /** Steps at which a part of the run began. */
  readonly starts: readonly number[];
  readonly scalars: Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>;
  readonly texts: Readonly<Record<string, string>>;
}

function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x82f63b78n : 0n);
  }
  crc ^= 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

function records(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    if (bytes.readUInt32LE(at + 8) !== checksum(bytes.subarray(at, at + 8))) throw new Error('a length is damaged');
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (bytes.readUInt32LE(at + 12 + length) !== checksum(data)) throw new Error('a record is damaged');
    found.push(data);
    at += length + 16;
  }
  return found;
}

function fieldsOf(bytes: Buffer): Fields {
  const fields: Fields = [];
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  const take = (count: number): Buffer => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const type = key & 7;
    if (type === 0) fields.push([key >> 3, varint()]);
    else if (type === 1) fields.push([key >> 3, take(8).readDoubleLE()]);
    else if (type === 2) fields.push([key >> 3, take(varint())]);
    else if (type === 5) fields.push([key >> 3, take(4).readFloatLE()]);
    else throw new Error(`wire type ${type}`);
  }
  return fields;
}

function first(fields: Fields, number: number): number | Buffer | undefined {
  return fields.find(([found]) => found === number)?.[1] as number | Buffer | undefined;
}

const text = (value: number | Buffer | undefined): string => (value as Buffer).toString('utf8');

/** Everything in the event files of `folder`, in the order of their names. */
export function readEventFiles(folder: string): EventFileContent {
  const content = {
    version: '',
    starts: [] as number[],
    scalars: {} as Record<string, [number, number][]>,
    texts: {} as Record<string, string>,
  };
  const files = readdirSync(folder).filter((name) => name.startsWith('events.out.tfevents.'));
  for (const file of files.sort()) {
    for (const record of records(readFileSync(path.join(folder, file)))) {
      const event = fieldsOf(record);
      const step = (first(event, 2) as number | undefined) ?? 0;
      if (first(event, 3) !== undefined) content.version = text(first(event, 3));
      if (first(event, 7) !== undefined) content.starts.push(step);
      const summary = first(event, 5) as Buffer | undefined;
      for (const [, bytes] of summary === undefined ? [] : fieldsOf(summary)) {
        const value = fieldsOf(bytes as Buffer);
        const tag = text(first(value, 1));
        const tensor = first(value, 8) as Buffer | undefined;
        content.scalars[tag] ??= [];
        if (tensor === undefined) content.scalars[tag].push([step, first(value, 2) as number]);
        else content.texts[tag] = text(first(fieldsOf(tensor), 8));
      }
    }
  }
  return content;
}
