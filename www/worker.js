// The worker: fetches the engine, tells how far it is, then answers requests.
//
//   page → {module}               a compiled engine, or nothing: fetch it
//   page ← {json: Progress …}     while it is fetched
//   page ← {module}               compiled, for the worker after this one
//   page ← {json: Ready}
//   page → {json: Run …}          page ← {json, bytes?}
//   page ← {trap}                 the engine died; this worker is of no more use
//
// The engine comes in two parts. The second holds what is rarely used; the first
// call of any of it, in the middle of a run, fetches it and waits.

import init, { answer, start, warm } from "./ormscope_worker.js";

/** Milliseconds without a request before the engine does something of its own. */
const IDLE = 150;

const tell = (message) => postMessage({ json: JSON.stringify(message) });

function died(error) {
  const message = error instanceof Error ? error.message : String(error);
  const memory = /memory|allocation|out of bounds|unreachable/i.test(message);
  postMessage({
    trap: memory
      ? "The engine ran out of memory or hit a fault and was stopped."
      : `The engine failed: ${message}`,
  });
}

/** The module's response, each chunk counted as it passes. */
function counted(response) {
  const total = ENGINE_SIZE || Number(response.headers.get("content-length")) || 0;
  // The page draws itself anew for each word of this, and has much else to do now.
  const step = total / 20;
  let loaded = 0;
  let told = 0;
  const counter = new TransformStream({
    transform(chunk, controller) {
      loaded += chunk.byteLength;
      if (loaded - told > step || loaded === total) {
        told = loaded;
        tell({ progress: { loaded, total } });
      }
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counter), {
    headers: { "content-type": "application/wasm" },
  });
}

async function fetched() {
  tell({ progress: { loaded: 0, total: ENGINE_SIZE } });
  const response = await fetch(new URL("./ormscope_worker_bg.wasm", import.meta.url));
  if (!response.ok) throw new Error(`the engine's file cannot be had (${response.status})`);
  const module = await WebAssembly.compileStreaming(counted(response));
  postMessage({ module });
  return module;
}

/** Fetches the second part and joins it to the first. Nothing else can happen
    meanwhile: the engine waits inside a call. */
function fetchRest(first) {
  const request = new XMLHttpRequest();
  request.open("GET", new URL("./ormscope_worker_rest.wasm", import.meta.url), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`a part of it cannot be had (${request.status})`);
  new WebAssembly.Instance(new WebAssembly.Module(request.response), { part: part(first) });
}

/** What the second part shares with the first. */
function part(first) {
  return Object.fromEntries(Object.entries(first).filter(([name]) => name.startsWith("part.")));
}

async function begin(module) {
  try {
    const first = await init({ module_or_path: module ?? (await fetched()) });
    globalThis.ormscopeFetchRest = () => fetchRest(first);
    postMessage({ json: start() });
    let idle;
    const attempt = (work) => {
      try {
        return work();
      } catch (error) {
        died(error);
      }
    };
    // While nothing is asked for: see `warm`. The browser compiles in between.
    const rest = () => {
      idle = setTimeout(() => attempt(warm) && rest(), IDLE);
    };
    onmessage = ({ data }) => {
      clearTimeout(idle);
      attempt(() => answer(data.json));
      rest();
    };
  } catch (error) {
    died(error);
  }
}

onmessage = ({ data }) => begin(data.module);
