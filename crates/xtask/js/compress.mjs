// Writes FILE.br beside every file of a folder that gets smaller by it.
// node compress.mjs FOLDER CACHE: what was compressed before is taken from CACHE.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";

const [folder, cache] = process.argv.slice(2);
fs.mkdirSync(cache, { recursive: true });

for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath ?? entry.path, entry.name);
  if (!entry.isFile() || /\.(br|png|woff2|ico|zip|whl)$/.test(file)) continue;
  const plain = fs.readFileSync(file);
  const known = path.join(cache, createHash("sha256").update(plain).digest("hex"));
  if (!fs.existsSync(known)) {
    const small = zlib.brotliCompressSync(plain, {
      params: {
        [zlib.constants.BROTLI_PARAM_QUALITY]: 11,
        [zlib.constants.BROTLI_PARAM_LGWIN]: 24,
        [zlib.constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
      },
    });
    fs.writeFileSync(known, small);
  }
  const small = fs.readFileSync(known);
  if (small.length < plain.length) fs.writeFileSync(file + ".br", small);
}
