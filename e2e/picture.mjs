// A screenshot with a palette of 256 colours: a third of the size, and nobody
// sees the difference.

import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

/** The same picture, smaller; as it was if it is of another kind. */
export function small(png) {
  const { width, height, channels, data } = pixels(png);
  if (!channels) return png;
  const counts = new Map();
  const colours = new Uint32Array(width * height);
  for (let at = 0, place = 0; at < colours.length; at += 1, place += channels) {
    const colour = (data[place] << 16) | (data[place + 1] << 8) | data[place + 2];
    colours[at] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const { palette, index } = reduced(counts);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = index.get(colours[y * width + x]);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const parts = [chunk("IHDR", head), chunk("PLTE", table), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...parts]);
}

/** The bytes of an RGB or RGBA picture, its lines' filters undone. */
function pixels(png) {
  const packed = [];
  let head;
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (kind === "IHDR") head = body;
    if (kind === "IDAT") packed.push(body);
    at += length + 12;
  }
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const channels = head[8] === 8 && head[12] === 0 ? { 2: 3, 6: 4 }[head[9]] : undefined;
  if (!channels) return {};
  const raw = inflateSync(Buffer.concat(packed));
  const line = width * channels;
  const data = new Uint8Array(line * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (line + 1)];
    for (let x = 0; x < line; x += 1) {
      const at = y * line + x;
      const left = x >= channels ? data[at - channels] : 0;
      const up = y ? data[at - line] : 0;
      const corner = y && x >= channels ? data[at - line - channels] : 0;
      const guess = [0, left, up, (left + up) >> 1, nearest(left, up, corner)][filter];
      data[at] = raw[y * (line + 1) + 1 + x] + guess;
    }
  }
  return { width, height, channels, data };
}

function nearest(left, up, corner) {
  const sum = left + up - corner;
  const [a, b, c] = [left, up, corner].map((each) => Math.abs(sum - each));
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** At most 256 colours, by cutting the box of most spread in two, again and again. */
function reduced(counts) {
  const part = (colour, channel) => (colour >> (16 - 8 * channel)) & 255;
  const spread = (box) => {
    const wide = [0, 1, 2].map((channel) => {
      const all = box.map((colour) => part(colour, channel));
      return all.reduce((most, each) => Math.max(most, each), 0) - all.reduce((least, each) => Math.min(least, each), 255);
    });
    const channel = wide.indexOf(Math.max(...wide));
    const weight = box.reduce((sum, colour) => sum + counts.get(colour), 0);
    return { box, channel, size: box.length > 1 ? wide[channel] * Math.sqrt(weight) : 0 };
  };
  const boxes = [spread([...counts.keys()])];
  while (boxes.length < 256) {
    boxes.sort((a, b) => a.size - b.size);
    if (!boxes.at(-1).size) break;
    const { box, channel } = boxes.pop();
    box.sort((a, b) => part(a, channel) - part(b, channel));
    const middle = (part(box[0], channel) + part(box.at(-1), channel)) / 2;
    const cut = Math.min(Math.max(box.findIndex((colour) => part(colour, channel) > middle), 1), box.length - 1);
    boxes.push(spread(box.slice(0, cut)), spread(box.slice(cut)));
  }
  const index = new Map();
  const palette = boxes.map(({ box }, number) => {
    for (const colour of box) index.set(colour, number);
    // The most frequent one: grounds stay exactly as they are.
    return box.reduce((most, colour) => (counts.get(colour) > counts.get(most) ? colour : most));
  });
  return { palette, index };
}

function chunk(kind, body) {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const whole = Buffer.alloc(body.length + 12);
  whole.writeUInt32BE(body.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), body.length + 8);
  return whole;
}

function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 && 0xedb88320);
  }
  return ~sum >>> 0;
}
