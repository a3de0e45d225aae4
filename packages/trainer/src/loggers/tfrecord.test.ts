import { expect, test } from 'vitest';
import { crc32c, tfRecord } from './tfrecord.js';

test.each([
  ['123456789', 0xe3069283],
  ['', 0],
  // 32 zeros and 32 ones, from RFC 3720, B.4.
  ['\0'.repeat(32), 0x8a9136aa],
])('the CRC-32C of %j is that of the standard', (text, crc) => {
  expect(crc32c(new TextEncoder().encode(text))).toBe(crc);
});

test('the CRC-32C of bytes above 127 is that of the standard', () => {
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
});

test('a record is the length, the data, and a masked checksum of each', () => {
  const record = tfRecord(new TextEncoder().encode('123456789'));
  const view = new DataView(record.buffer);
  expect(record.byteLength).toBe(9 + 16);
  expect(view.getBigUint64(0, true)).toBe(9n);
  const masked = (((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0;
  expect(view.getUint32(21, true)).toBe(masked);
  expect(new TextDecoder().decode(record.subarray(12, 21))).toBe('123456789');
});
