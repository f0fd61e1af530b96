// A plain static host on 127.0.0.1, under a path prefix.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".whl": "application/zip",
  ".zip": "application/zip",
};

export async function serve(root, prefix) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const inside = path.startsWith(prefix) ? normalize(path.slice(prefix.length)) : "..";
    let file = join(root, inside);
    let found = inside.startsWith("..") ? null : await stat(file).catch(() => null);
    if (found?.isDirectory()) {
      file = join(file, "index.html");
      found = await stat(file).catch(() => null);
    }
    if (!found) {
      response.writeHead(404).end("Not found\n");
      return;
    }
    const headers = { "content-type": types[extname(file)] ?? "text/plain; charset=utf-8" };
    const packed = await stat(`${file}.br`).catch(() => null);
    if (packed && /\bbr\b/.test(request.headers["accept-encoding"] ?? "")) {
      response.writeHead(200, { ...headers, "content-encoding": "br", "content-length": packed.size });
      createReadStream(`${file}.br`).pipe(response);
    } else {
      response.writeHead(200, { ...headers, "content-length": found.size });
      createReadStream(file).pipe(response);
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const address = `http://127.0.0.1:${server.address().port}${prefix}`;
  return { address, stop: () => (server.closeAllConnections(), server.close()) };
}
