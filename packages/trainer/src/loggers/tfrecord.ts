/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** The CRC-32C of `bytes`, as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/**
 * One record of a TFRecord file: its length in 8 bytes, the masked CRC-32C of those, the data, the masked CRC-32C of that;
 * numbers are little-endian. Follows `lib/io/record_writer.cc` of TensorFlow.
 */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.byteLength);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.byteLength), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.byteLength, maskedCrc(data), true);
  return record;
}
