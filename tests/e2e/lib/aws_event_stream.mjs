// Decodes vnd.amazon.eventstream, checking every length and both checksums.
// Source: the Smithy specification of the Amazon event stream.
import assert from 'node:assert/strict';

const table = Uint32Array.from({length: 256}, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; ++bit) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes) {
  let value = ~0;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 255];
  return ~value >>> 0;
}

function decodeHeaders(bytes) {
  const headers = {};
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 1 + bytes[at];
    const name = bytes.subarray(at + 1, nameEnd).toString();
    assert.equal(bytes[nameEnd], 7, 'every header in use is a string');
    const length = bytes.readUInt16BE(nameEnd + 1);
    headers[name] = bytes.subarray(nameEnd + 3, nameEnd + 3 + length).toString();
    at = nameEnd + 3 + length;
  }
  return headers;
}

// Whole frames only: [{type, headers, payload}].
export function decodeFrames(bytes) {
  const frames = [];
  for (let at = 0; at < bytes.length;) {
    const total = bytes.readUInt32BE(at);
    assert.ok(total >= 16 && at + total <= bytes.length, 'the stream ends between two frames');
    const frame = bytes.subarray(at, at + total);
    const headersLength = frame.readUInt32BE(4);
    assert.equal(frame.readUInt32BE(8), crc32(frame.subarray(0, 8)), 'checksum of the prelude');
    assert.equal(
      frame.readUInt32BE(total - 4),
      crc32(frame.subarray(0, total - 4)),
      'checksum of the frame',
    );
    const headers = decodeHeaders(frame.subarray(12, 12 + headersLength));
    assert.equal(headers[':message-type'], 'event');
    frames.push({
      type: headers[':event-type'],
      headers,
      payload: JSON.parse(frame.subarray(12 + headersLength, total - 4).toString()),
    });
    at += total;
  }
  return frames;
}

// What the chunks of an InvokeModel stream hold.
export function chunkPayloads(bytes) {
  return decodeFrames(bytes).map(({payload}) =>
    JSON.parse(Buffer.from(payload.bytes, 'base64').toString()),
  );
}
