// <ormscope-embed>: a live snippet of the Django ORM in any page.
//
//   <script src="https://…/embed.js" defer></script>
//   <ormscope-project hidden><pre data-file="models.py">…</pre></ormscope-project>
//   <ormscope-embed><pre>Book.objects.all()</pre></ormscope-embed>
//
// The code is shown as it stands until it is run. All embeds of a page share
// one engine: a hidden frame owns it and hands a port to each.

const base = new URL(".", document.currentScript.src);
const origin = base.origin;
let engine;

const text = (element) => {
  const lines = (element.textContent ?? "").replace(/^\n+|\s+$/g, "").split("\n");
  const indents = lines.filter((line) => line.trim()).map((line) => line.match(/^ */)[0].length);
  const indent = Math.min(...indents, 99);
  return lines.map((line) => line.slice(indent)).join("\n") + "\n";
};

/** #v1/: CRC-32, length, raw DEFLATE of the project's JSON, in base64url. */
async function fragment(project) {
  const stream = new Blob([JSON.stringify(project)])
    .stream()
    .pipeThrough(new CompressionStream("deflate-raw"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const sealed = [];
  let length = packed.length;
  for (; length > 127; length >>= 7) sealed.push((length & 127) | 128);
  sealed.push(length, ...packed);
  let sum = ~0;
  for (const byte of sealed) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 && 0xedb88320);
  }
  sum = ~sum;
  const bytes = [0, 8, 16, 24].map((shift) => (sum >>> shift) & 255).concat(sealed);
  const binary = bytes.map((byte) => String.fromCharCode(byte)).join("");
  const coded = btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  return `#v1/${coded}`;
}

/** The frame that owns the page's engine. */
function engineFrame() {
  engine ??= new Promise((ready) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.title = "ormscope engine";
    addEventListener("message", function hear({ source, data }) {
      if (source !== frame.contentWindow || data !== "ormscope:engine-ready") return;
      removeEventListener("message", hear);
      ready(frame.contentWindow);
    });
    frame.src = new URL("embed.html?engine", base);
    document.body.append(frame);
  });
  return engine;
}

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { display: block; margin: 1em 0; }
:host([hidden]) { display: none; }
.box { position: relative; border: 1px solid #8885; border-radius: 9px; overflow: hidden; }
.bar { display: flex; gap: 8px; align-items: center; padding: 6px 8px; border-top: 1px solid #8883; font: 13px system-ui, sans-serif; }
.bar a { color: inherit; opacity: .75; margin-left: auto; }
button { font: 600 13px system-ui, sans-serif; padding: 4px 12px; border: 0; border-radius: 6px; background: #007a52; color: #fff; cursor: pointer; }
button:focus-visible, a:focus-visible { outline: 2px solid #007a52; outline-offset: 2px; }
iframe { display: block; width: 100%; border: 0; height: 320px; color-scheme: normal; }
::slotted(pre) { margin: 0 !important; padding: 12px 16px !important; overflow: auto; }
`);

class OrmscopeEmbed extends HTMLElement {
  async connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = `<div class="box" part="box"><slot></slot><div class="bar" part="bar"><button part="run">▶ Run</button><a target="_blank" rel="noopener">Open in playground</a></div></div>`;
    this.link = await fragment(this.project());
    root.querySelector("a").href = new URL(`./${this.link}`, base);
    root.querySelector("button").onclick = () => this.run();
    const loading = this.getAttribute("loading") ?? "click";
    if (loading === "eager") this.run();
    if (loading === "lazy") {
      const seen = new IntersectionObserver(([{ isIntersecting }]) => {
        if (isIntersecting) seen.disconnect(), this.run();
      });
      seen.observe(this);
    }
  }

  /** Own code as the script; the rest from the page's <ormscope-project>. */
  project() {
    const name = this.getAttribute("project");
    const shared = document.querySelector(
      name ? `ormscope-project#${CSS.escape(name)}` : "ormscope-project",
    );
    const files = [...(shared?.querySelectorAll("[data-file]") ?? [])]
      .concat([...this.querySelectorAll("[data-file]")])
      .map((part) => ({ path: part.dataset.file, text: text(part) }));
    const code = this.querySelector("pre:not([data-file])") ?? this;
    files.unshift({ path: "queries.py", text: text(code) });
    return {
      title: this.getAttribute("title") ?? document.title,
      files: [...new Map(files.map((file) => [file.path, file])).values()],
      dialect: this.getAttribute("dialect") ?? "sqlite",
      view: { file: "queries.py", line: 0 },
    };
  }

  /** Light or dark, as the attribute says or as the page's background is. */
  theme() {
    const wish = this.getAttribute("theme");
    if (wish) return wish;
    for (let node = this; node; node = node.parentElement) {
      const [r, g, b, a = 1] = (getComputedStyle(node).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
      if (a > 0.5) return 0.3 * r + 0.6 * g + 0.1 * b < 128 ? "dark" : "light";
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  run() {
    const box = this.shadowRoot.querySelector(".box");
    const frame = document.createElement("iframe");
    frame.title = this.getAttribute("title") ?? "Live snippet of the Django ORM";
    addEventListener("message", async ({ source, data, origin: from }) => {
      if (source !== frame.contentWindow || from !== origin || typeof data !== "string") return;
      if (data.startsWith("ormscope:height:")) {
        frame.style.height = `${Math.min(Math.max(+data.slice(16) || 0, 80), 2000) + 2}px`;
      } else if (data === "ormscope:want-engine") {
        const { port1, port2 } = new MessageChannel();
        (await engineFrame()).postMessage("ormscope:port", origin, [port1]);
        source.postMessage("ormscope:port", origin, [port2]);
      }
    });
    const follow = () => frame.contentWindow?.postMessage(`ormscope:theme:${this.theme()}`, origin);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
    new MutationObserver(follow).observe(document.documentElement, { attributes: true });
    frame.src = new URL(`embed.html?shared&theme=${this.theme()}${this.link}`, base);
    box.replaceChildren(frame);
  }
}

customElements.define("ormscope-embed", OrmscopeEmbed);
