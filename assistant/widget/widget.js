/* <quoth-assistant>: ask a document from any page, and see where the answer stands.

   <script src="https://quoth.example/widget.js" defer></script>
   <quoth-assistant document="handbook"></quoth-assistant>

   Attributes: document, collection, theme (auto, light, dark), mode (inline, launcher), label, question, token-url.
   Whatever comes from a document or a person is set as text, never as markup. Nothing is kept in the browser. */
(() => {
  "use strict";
  const HOME = new URL(".", document.currentScript.src);
  const MAX_QUESTION = 2000;
  const MAX_HISTORY = 20;
  const MAX_ANSWER = 4000;
  const MAX_ADDRESS = 200;
  const CONSENT = "Keep my question and this address, so that somebody can answer me";
  const KEPT = "Your question and this address are kept until somebody has answered you.";
  const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

  const STYLE = `
:host { --accent: var(--quoth-accent, #4338ca); --on-accent: var(--quoth-on-accent, #fff);
  --ground: #fff; --raised: #f6f6f8; --line: #d9d9e0; --edge: #84848f; --ink: #1c1c22; --quiet: #5b5b66; --link: var(--accent);
  --mark: #fdeeb0; --mark-ink: #1c1c22; --bad: #a61b1b; --shadow: 0 12px 40px rgb(20 20 40 / .18);
  color-scheme: light; display: block; max-width: 46rem; text-align: start;
  font: 400 1rem/1.55 var(--quoth-font, system-ui, sans-serif); color: var(--ink); }
:host([hidden]) { display: none; }
:host([dark]) { --accent: var(--quoth-accent, #a5b4fc); --on-accent: var(--quoth-on-accent, #14142b);
  --ground: #17171c; --raised: #212129; --line: #3a3a45; --edge: #83838f; --ink: #f1f1f4; --quiet: #b2b2be;
  --mark: #5b4708; --mark-ink: #fff8dc; --bad: #ff9d9d; --shadow: 0 12px 40px rgb(0 0 0 / .6); color-scheme: dark; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.box { background: var(--ground); border: 1px solid var(--line); border-radius: 14px; overflow: hidden;
  display: flex; flex-direction: column; }
header { display: flex; align-items: center; gap: .6rem; padding: .8rem 1rem .7rem 1.1rem; border-bottom: 1px solid var(--line); }
h2 { flex: 1; min-width: 0; margin: 0; font-size: 1rem; font-weight: 650; line-height: 1.3; overflow-wrap: anywhere; }
h2 small { display: block; font-size: .8125rem; font-weight: 400; color: var(--quiet); }
.mark { flex: none; width: 1.9rem; height: 1.9rem; border-radius: 9px; background: var(--accent); color: var(--on-accent);
  font: 700 1.7rem/2.45rem Georgia, serif; text-align: center; overflow: hidden; }
.log { padding: 1rem 1.1rem 0; }
.turn { margin: 0 0 1.5rem; }
.asked { width: fit-content; max-width: 88%; margin: 0 0 .8rem auto; padding: .5rem .85rem; background: var(--raised);
  border-radius: 14px 14px 4px 14px; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
p { margin: 0 0 .7rem; }
.quiet { color: var(--quiet); font-size: .875rem; overflow-wrap: anywhere; }
.error { color: var(--bad); }
.understood { margin: 0 0 .9rem; }
.understood p { margin: 0 0 .35rem; }
figure { margin: 0 0 1rem; }
blockquote { margin: 0; padding: .1rem 0 .1rem .95rem; border-inline-start: 3px solid var(--accent); white-space: pre-line;
  overflow-wrap: anywhere; unicode-bidi: isolate; font-size: 1.0625rem; line-height: 1.6; }
strong { font-weight: 700; }
figcaption { margin: .55rem 0 0; }
button { font: inherit; color: inherit; cursor: pointer; border: 1px solid var(--line); background: var(--ground);
  border-radius: 999px; padding: .25rem .8rem; min-height: 2rem; text-align: start; }
button:hover { border-color: var(--accent); }
button:disabled { cursor: default; opacity: .55; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.cite { font-size: .875rem; line-height: 1.4; border-radius: 1rem; }
.original { font-size: .875rem; color: var(--accent); }
.cite b { color: var(--accent); }
.cite[aria-expanded=true] { background: var(--raised); border-color: var(--accent); }
.source { margin: .6rem 0 0; padding: .85rem 1rem; background: var(--raised); border-radius: 10px; font-size: .9375rem; }
.source > p { white-space: pre-line; overflow-wrap: anywhere; unicode-bidi: isolate; }
.source > :last-child { margin-bottom: 0; }
mark { background: var(--mark); color: var(--mark-ink); border-radius: 2px; padding: .05em 0; }
h3 { margin: 0 0 .35rem; font-size: .8125rem; font-weight: 650; color: var(--quiet); }
ul { list-style: none; margin: 0; padding: 0; }
.notes li { margin: 0 0 .4rem; font-size: .875rem; overflow-wrap: anywhere; unicode-bidi: isolate; }
.trail { display: block; margin-inline-start: 1.1rem; color: var(--quiet); }
details { margin: 0 0 .8rem; }
summary { cursor: pointer; width: fit-content; margin-bottom: .7rem; font-size: .875rem; color: var(--quiet); border-radius: 4px; }
.chips { display: flex; flex-wrap: wrap; gap: .45rem; margin: 0 0 1rem; }
.chips button { font-size: .875rem; line-height: 1.35; border-radius: 1rem; padding: .35rem .8rem; overflow-wrap: anywhere; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem; font-size: .8125rem; color: var(--quiet); }
.tools button { font-size: .8125rem; color: var(--ink); min-height: 1.75rem; padding: .1rem .65rem; }
form { display: flex; gap: .5rem; align-items: flex-end; margin: 0; padding: .8rem 1rem; border-top: 1px solid var(--line);
  background: var(--ground); }
label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.back { display: block; border: 0; background: none; padding: 0 0 .3rem; font-size: .9375rem; }
label.shown { position: static; display: block; width: auto; height: auto; overflow: visible; clip-path: none; white-space: normal; margin: 0 0 .3rem; }
.back input:not([type]) { display: block; width: 100%; max-width: 24rem; margin: 0 0 .7rem; font: inherit; color: inherit;
  background: var(--ground); border: 1px solid var(--edge); border-radius: 10px; padding: .45rem .75rem; min-height: 2.65rem; }
.back input::placeholder { color: var(--quiet); opacity: 1; }
.back .send { margin-top: .3rem; }
textarea { flex: 1; min-width: 0; font: inherit; color: inherit; background: var(--ground); resize: none; max-height: 9rem;
  border: 1px solid var(--edge); border-radius: 10px; padding: .5rem .75rem; min-height: 2.65rem; }
textarea:focus-visible { outline-offset: -1px; border-color: transparent; }
textarea::placeholder { color: var(--quiet); opacity: 1; }
.send { min-height: 2.65rem; padding: .4rem 1.1rem; border-radius: 10px; font-weight: 600; border-color: var(--accent);
  background: var(--accent); color: var(--on-accent); }
.plain { flex: none; border-color: transparent; background: none; padding: .2rem .6rem; font-size: .875rem; color: var(--quiet); }
.waiting::after { content: ""; display: inline-block; width: 1.2em; text-align: start; animation: dots 1.2s steps(4) infinite; }
@keyframes dots { 0% { content: ""; } 25% { content: "."; } 50% { content: ".."; } 75% { content: "..."; } }
.launch { display: none; }
:host([mode=launcher]) { position: fixed; inset: auto 1.25rem 1.25rem auto; z-index: 2147483000; max-width: none; }
:host([mode=launcher]) .launch { display: flex; align-items: center; gap: .55rem; margin-inline-start: auto; padding: .45rem 1.1rem .45rem .5rem;
  background: var(--accent); color: var(--on-accent); border: 0; font-weight: 600; box-shadow: var(--shadow); }
:host([mode=launcher]) .launch .mark { background: var(--on-accent); color: var(--accent); border-radius: 50%; }
:host([mode=launcher]) .box { position: fixed; inset: auto 1.25rem 5rem auto; width: min(27rem, calc(100vw - 2.5rem));
  max-height: min(40rem, calc(100dvh - 7rem)); box-shadow: var(--shadow); animation: rise .16s ease-out; }
:host([mode=launcher]) .log { overflow-y: auto; overscroll-behavior: contain; flex: 1; min-height: 5rem; }
@keyframes rise { from { opacity: 0; transform: translateY(8px); } }
@media (max-width: 30rem) {
  :host([mode=launcher]) .box { inset: auto .5rem 4.75rem .5rem; width: auto; max-height: calc(100dvh - 5.5rem); }
  :host([mode=launcher]) { inset: auto .75rem .75rem auto; }
  h2 small { display: none; } form { padding: .7rem; } .log { padding-inline: .85rem; } header { padding-inline: .85rem .6rem; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } .waiting::after { content: " …"; } }
@media (forced-colors: active) { mark { background: Mark; color: MarkText; } .mark { forced-color-adjust: none; } }
`;

  const LIST = /\n\s*(?:[-*•]|\(?\w{1,3}[.)])\s/;  // several items of a list: too much to be set in bold
  const CERTAINTY = { sure: "Quoth is sure of this.", likely: "This is likely, not certain: check the passage." };

  /* A question behind those that it was read with, to be understood by itself. */
  function inContext({ read_with: along, standalone_question: question }) {
    return [...[...along, question].join(" ")].slice(-MAX_QUESTION).join("");
  }

  /* An element with attributes, listeners (on...) and children; strings among them become text. */
  function make(name, given = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(given)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value != null) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child != null && child !== ""));
    return element;
  }

  const clean = (text) => String(text).replace(/\r\n?/g, "\n").replace(CONTROL, "\ufffd");

  /* Offsets count code points, strings count UTF-16 units: [before, inside, after] of a span in a text. */
  function cut(text, start, end) {
    const points = Array.from(text);
    return [points.slice(0, start), points.slice(start, end), points.slice(end)].map((part) => clean(part.join("")));
  }

  function marked(evidence) {
    const from = evidence.start;
    const [before, short, after] = cut(evidence.quote, evidence.answer_start - from, evidence.answer_end - from);
    const isPart = (before || after) && !LIST.test(short);
    return [before, isPart ? make("strong", {}, short) : short, after];
  }

  /* Where a note leads, where that is not itself: "through note 26 to note 3: ..." */
  function trail(note) {
    const steps = note.sources.filter((work) => work.number !== note.number).map((work) => `note ${work.number}: ${work.text}`);
    if (steps.length && note.via.length) steps[0] = `through note ${note.via.join(", ")} to ${steps[0]}`;
    return steps.concat(note.unfollowed.map((reference) => `“${reference}” leads to no work named before it`)).join("; ");
  }

  class Problem extends Error {
    constructor(status, detail) {
      super(detail);
      this.status = status;
    }
  }

  class QuothAssistant extends HTMLElement {
    static observedAttributes = ["theme"];
    #root = this.attachShadow({ mode: "open" });
    #dark = matchMedia("(prefers-color-scheme: dark)");
    #turns = [];
    #documents = new Map();
    #token = "";
    #busy = null;
    #begun = false;
    #parts = null;

    constructor() {
      super();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.#root.adoptedStyleSheets = [sheet];
    }

    connectedCallback() {
      this.#dark.addEventListener("change", this.#paint);
      this.#paint();
      if (Object.hasOwn(this, "token")) {  // set before this script came
        this.#token = this.token;
        delete this.token;
      }
      if (!this.#begun) this.#begin();
    }

    disconnectedCallback() {
      this.#dark.removeEventListener("change", this.#paint);
    }

    attributeChangedCallback() {
      this.#paint();
    }

    /* A token from the page's own server, for a Quoth that asks who asks. */
    set token(value) {
      this.#token = String(value);
    }

    #paint = () => {
      const theme = this.getAttribute("theme");
      this.toggleAttribute("dark", theme === "dark" || (theme !== "light" && this.isConnected && this.#onDark()));
    };

    /* Whether the page is dark here: by the first ground that is painted behind this, or as the page says it follows the reader's system. */
    #onDark() {
      for (let behind = this.parentElement; behind; behind = behind.parentElement) {
        const [, ...parts] = getComputedStyle(behind).backgroundColor.match(/^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/) || [];
        const [red, green, blue, alpha = 1] = parts.filter((part) => part !== undefined).map(Number);
        if (parts.length && alpha > 0.5) return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
      }
      return this.#dark.matches && getComputedStyle(document.documentElement).colorScheme.includes("dark");
    }

    /* Nothing is shown until the server has said that this page may ask. */
    async #begin() {
      this.#begun = true;
      try {
        const listed = await this.#fetch("api/documents");
        const { document: wanted, collection } = this.#asked();
        const inside = (name) => collection === undefined || name === collection || name?.startsWith(`${collection}/`);
        const documents = listed.documents.filter((one) => (wanted === undefined || one.id === wanted) && inside(one.collection));
        if (!documents.length) throw new Problem(404, `It has no document “${wanted ?? collection}”.`);
        for (const document of listed.documents) this.#documents.set(document.id, document);
        this.#build(documents, listed.feedback, listed.unanswered);
      } catch (error) {
        console.warn(`Quoth shows nothing here. ${error.message} The server's log says more; it takes --allow-origin ${location.origin}.`);
        if (error.status) this.#refused(error);
        return;
      }
      this.dispatchEvent(new CustomEvent("quoth-ready", { bubbles: true, composed: true }));
      const asked = this.getAttribute("question");
      if (asked) this.#ask(asked);
      else this.#suggest().catch(() => {});
    }

    #refused(error) {
      const words = error.status === 401 ? "Sign in to ask here, then load this page again." : clean(error.message);
      this.#root.append(make("div", { class: "box" }, make("div", { class: "log" }, make("p", { class: "quiet", role: "status" }, words))));
    }

    /* What is asked: the document, or the collection, that an attribute names; otherwise everything. */
    #asked() {
      return Object.fromEntries(
        ["document", "collection"].filter((name) => this.hasAttribute(name)).map((name) => [name, this.getAttribute(name)]),
      );
    }

    #build(documents, feedback, unanswered) {
      this.#paint();  // the page's own style may have come meanwhile
      const launcher = this.getAttribute("mode") === "launcher";
      const title = documents.length === 1 ? documents[0].title : "the documents";
      const label = this.getAttribute("label") || `Ask ${title}`;
      const parts = (this.#parts = { feedback, unanswered });
      parts.log = make("div", { class: "log", role: "log", "aria-label": "Conversation", tabindex: launcher ? "0" : false });
      parts.status = make("label", { role: "status" });
      parts.box = make("textarea", { id: "q", rows: "1", maxlength: MAX_QUESTION, placeholder: "Ask a question", autocomplete: "off",
        oninput: () => this.#grow(), onkeydown: (event) => this.#key(event) });
      parts.send = make("button", { class: "send", type: "submit" }, "Ask");
      parts.clear = make("button", { class: "plain", type: "button", hidden: true, onclick: () => this.#clear() }, "Start over");
      const heading = make("h2", { id: "h" }, clean(label), make("small", {}, "Answers in the document’s own words"));
      const header = make("header", {}, make("span", { class: "mark", "aria-hidden": "true" }, "”"), heading, parts.clear);
      const form = make("form", { onsubmit: (event) => this.#submit(event) },
        make("label", { for: "q" }, "Your question"), parts.box, parts.send);
      parts.panel = make("section", { class: "box", "aria-labelledby": "h", role: launcher ? "dialog" : "region", hidden: launcher },
        header, parts.log, parts.status, form);
      this.#root.append(parts.panel);
      if (!launcher) return;
      header.append(make("button", { class: "plain", type: "button", "aria-label": "Close", onclick: () => this.#open(false) }, "✕"));
      parts.launch = make("button", { class: "launch", type: "button", "aria-expanded": "false", "aria-haspopup": "dialog",
        onclick: () => this.#open(parts.panel.hidden) },
        make("span", { class: "mark", "aria-hidden": "true" }, "”"), clean(this.getAttribute("label") || "Ask"));
      this.#root.append(parts.launch);
      this.#root.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !parts.panel.hidden) this.#open(false);
      });
    }

    #open(open) {
      const { panel, launch, box } = this.#parts;
      panel.hidden = !open;
      launch.setAttribute("aria-expanded", String(open));
      (open ? box : launch).focus();
    }

    #grow() {
      const { box } = this.#parts;
      box.style.height = "auto";
      box.style.height = `${box.scrollHeight + 2}px`;
    }

    #key(event) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#submit(event);
      }
    }

    #submit(event) {
      event.preventDefault();
      const { box } = this.#parts;
      const question = box.value.trim();
      if (!question || this.#busy) return;
      box.value = "";
      this.#grow();
      this.#ask(question);
    }

    #clear() {
      this.#busy?.abort();
      this.#turns = [];
      this.#parts.log.replaceChildren();
      this.#parts.clear.hidden = true;
      this.#parts.status.textContent = "The conversation is cleared.";
      this.#parts.box.focus();
      this.#suggest().catch(() => {});
    }

    async #suggest() {
      const query = `?${new URLSearchParams(this.#asked())}`;
      const { suggestions } = await this.#fetch(`api/suggestions${query}`);
      if (this.#turns.length || this.#busy || !suggestions.length) return;
      this.#parts.log.replaceChildren(make("p", { class: "quiet" }, "It answers, for example:"), this.#chips(suggestions));
    }

    #chips(questions) {
      return make("div", { class: "chips" },
        ...questions.map((one) => make("button", { type: "button", onclick: () => this.#busy || this.#ask(one, true) }, clean(one))));
    }

    async #ask(question, chosen = false, complete = true) {
      const { log, status, send, clear, box } = this.#parts;
      if (!this.#turns.length) log.replaceChildren();
      const reply = make("div", {}, make("p", { class: "quiet waiting" }, "Searching the document"));
      const turn = make("article", { class: "turn", "aria-label": "Question and answer" }, make("p", { class: "asked" }, clean(question)), reply);
      log.append(turn);
      turn.scrollIntoView({ block: "nearest" });
      status.textContent = "Searching the document";
      send.disabled = true;
      clear.hidden = false;
      if (chosen) box.focus();
      const stop = (this.#busy = new AbortController());
      try {
        const body = { question, history: this.#turns.slice(-MAX_HISTORY), complete, ...this.#asked() };
        const answer = await this.#fetch("api/ask", body, stop.signal);
        const [{ document, start, end } = {}] = answer.evidence;
        this.#turns.push({ question: answer.question, answer: answer.answer && answer.answer.slice(0, MAX_ANSWER),
          standalone: answer.standalone_question, document, start, end });
        reply.replaceChildren(...this.#answer(answer));
        status.textContent = "";
      } catch (error) {
        if (stop.signal.aborted) return;
        const words = error.status === 401 ? "Your session here has ended. Load this page again." : error.message;
        reply.replaceChildren(make("p", { class: "error", role: "alert" }, clean(words)),
          make("div", { class: "tools" }, make("button", { type: "button", onclick: () => { turn.remove(); this.#ask(question, true, complete); } }, "Ask again")));
        status.textContent = "";
      } finally {
        if (this.#busy === stop) {
          this.#busy = null;
          send.disabled = false;
        }
      }
      turn.scrollIntoView({ block: "nearest" });
    }

    #answer(answer) {
      const shown = this.#understood(answer);
      const nothing = answer.abstention;
      const cards = (nothing ? nothing.nearest : answer.evidence).map((one, i) => this.#quotation(one, i + 1));
      if (nothing) shown.push(make("p", {}, clean(nothing.message)));
      if (nothing?.contact) shown.push(make("p", {}, `Whom to ask: ${clean(nothing.contact)}`));
      if (this.#parts.unanswered && nothing && nothing.reason !== "not_a_question") shown.push(this.#askBack(answer));
      const near = nothing?.reason === "low_confidence" ? 1 : 0;
      const needed = nothing ? near : answer.needed;
      if (near && cards.length) shown.push(make("p", { class: "quiet" }, "The nearest sentence:"));
      shown.push(...cards.slice(0, needed));
      if (CERTAINTY[answer.certainty]) shown.push(make("p", { class: "quiet" }, CERTAINTY[answer.certainty]));
      for (const part of answer.unanswered || []) shown.push(make("p", {}, `The document does not say: ${clean(part)}`));
      if (nothing?.suggestions?.length) shown.push(make("p", { class: "quiet" }, "It can answer:"), this.#chips(nothing.suggestions));
      if (cards.length > needed) {
        const summary = make("summary", {}, nothing ? (near ? "What else I looked at" : "What I looked at") : "More from the document");
        shown.push(make("details", {}, summary, ...cards.slice(needed)));
      }
      if (this.#parts.feedback) shown.push(this.#rate(answer));
      return shown;
    }

    /* How the question was understood, and a way to have it asked as it stands. */
    #understood({ question, standalone_question: corrected, read_with: along }) {
      const lines = [];
      if (corrected !== question) lines.push(`Understood as: ${clean(corrected)}`);
      if (along.length) lines.push(`Read together with: ${along.map((one) => `“${clean(one)}”`).join(", ")}`);
      const anew = make("button", { type: "button", onclick: () => this.#busy || this.#ask(question, true, false) },
        along.length ? "Ask it alone" : "Ask it as written");
      return lines.length ? [make("div", { class: "understood" }, ...lines.map((line) => make("p", { class: "quiet" }, line)), make("div", { class: "tools" }, anew))] : [];
    }

    #place(evidence) {
      const parts = [];
      if (this.#documents.size > 1 && !this.hasAttribute("document")) parts.push(this.#documents.get(evidence.document)?.title);
      parts.push(evidence.section);
      if (evidence.footnote !== null) parts.push(`note ${evidence.footnote}`);
      else parts.push(evidence.paragraph === null ? "about the author" : `paragraph ${evidence.paragraph}`);
      return clean(parts.filter(Boolean).join(", "));
    }

    #quotation(evidence, number) {
      const notes = evidence.footnotes.map((note) => note.number).join(", ");
      const source = make("div", { class: "source", role: "region", "aria-label": `Source: ${this.#place(evidence)}`, tabindex: "-1", hidden: true });
      const cite = make("button", { class: "cite", type: "button", "aria-expanded": "false",
        onclick: async () => {
          const open = source.hidden;
          if (open && !source.childElementCount) await this.#source(source, evidence);
          source.hidden = !open;
          cite.setAttribute("aria-expanded", String(open));
          if (open) source.querySelector("mark")?.scrollIntoView({ block: "nearest" });
        } },
        make("b", {}, `[${number}]`), " ", this.#place(evidence) + (notes ? ` · note ${notes}` : ""));
      const original = /^https?:\/\//.test(evidence.url ?? "")
        ? make("a", { class: "original", href: evidence.url, target: "_blank", rel: "noopener noreferrer" }, "Original") : null;
      return make("figure", {}, make("blockquote", {}, ...marked(evidence)), make("figcaption", {}, cite, " ", original, source));
    }

    /* The passage that a quotation stands in, the quotation marked, and its notes with where they lead. */
    async #source(panel, evidence) {
      let around = ["", ""];
      try {
        const path = `api/documents/${encodeURIComponent(evidence.document)}/passages/${encodeURIComponent(evidence.passage)}`;
        const passage = await this.#fetch(path);
        const [before, , after] = cut(passage.text, evidence.start - passage.start, evidence.end - passage.start);
        around = [before, after];
      } catch {
        // The quotation itself is here already.
      }
      panel.append(make("p", { dir: "auto" }, around[0], make("mark", {}, ...marked(evidence)), around[1]));
      if (evidence.footnotes.length) {
        panel.append(make("h3", {}, "Notes"), make("ul", { class: "notes" }, ...evidence.footnotes.map((note) =>
          make("li", {}, make("b", {}, `[${note.number}] `), clean(note.text), trail(note) && make("span", { class: "trail" }, `→ ${clean(trail(note))}`)))));
      }
      const about = this.#documents.get(evidence.document);
      const known = about && [about.author, about.title, about.date].filter(Boolean);
      if (known?.length > 1) panel.append(make("p", { class: "quiet" }, clean(known.join(", "))));
    }

    /* A question that is left for a person, with the address that its answer is for: sent by Send alone, with the box ticked. */
    #askBack(answer) {
      const address = make("input", { id: `a${this.#turns.length}`, name: "address", required: true, maxlength: MAX_ADDRESS, autocomplete: "email",
        placeholder: "Your e-mail or telephone" });
      const consent = make("input", { type: "checkbox", required: true });
      const told = make("p", { class: "error", role: "alert", hidden: true });
      const send = async (event) => {
        event.preventDefault();
        try {
          await this.#fetch("api/unanswered", { question: inContext(answer), address: address.value, consent: consent.checked,
            contact: answer.abstention.contact ?? null });
          const kept = make("p", { class: "quiet", role: "status", tabindex: "-1" }, KEPT);
          form.closest("details").replaceWith(kept);
          kept.focus();
        } catch (error) {
          told.textContent = clean(error.message);
          told.hidden = false;
        }
      };
      const form = make("form", { class: "back", onsubmit: send },
        make("label", { class: "shown", for: address.id }, "Where somebody can answer you"), address,
        make("label", { class: "shown" }, consent, ` ${CONSENT}`), make("button", { class: "send", type: "submit" }, "Send"), told);
      return make("details", {}, make("summary", {}, "Ask me back"), form);
    }

    #rate(answer) {
      const line = make("div", { class: "tools", role: "group", "aria-label": "Was this helpful?" }, "Helpful?");
      const send = async (helpful) => {
        const first = answer.evidence[0];
        const place = first ? { document: first.document, start: first.start, end: first.end } : {};
        try {
          await this.#fetch("api/feedback", {
            question: answer.question, standalone_question: inContext(answer), confidence: answer.confidence, helpful, ...place,
          });
          line.replaceChildren("Thank you.");
        } catch (error) {
          line.replaceChildren(clean(error.message));
        }
        line.tabIndex = -1;
        line.focus();
      };
      line.append(make("button", { type: "button", onclick: () => send(true) }, "Yes"),
        make("button", { type: "button", onclick: () => send(false) }, "No"));
      return line;
    }

    async #fetch(path, body, signal, renewed = false) {
      const headers = body ? { "Content-Type": "application/json" } : {};
      const renew = this.getAttribute("token-url");
      if (renew && !this.#token) await this.#renew(renew);
      if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
      const url = new URL(path, HOME);
      let response;
      try {
        response = await fetch(url, { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body), credentials: "same-origin" });
      } catch (error) {
        throw signal?.aborted ? error : new Problem(0, "The server cannot be reached from here.");
      }
      if (response.status === 401 && renew && !renewed) {
        this.#token = "";
        return this.#fetch(path, body, signal, true);
      }
      const data = response.status === 204 ? null : await response.json().catch(() => null);
      if (!response.ok) throw new Problem(response.status, data?.detail || "The server cannot answer now.");
      return data;
    }

    async #renew(url) {
      const response = await fetch(url, { credentials: "same-origin" });
      const granted = response.ok ? await response.json() : {};
      if (!granted.token) throw new Problem(401, "The page's own server gave no token.");
      this.#token = granted.token;
    }
  }

  // A page may load this script more than once.
  if (!customElements.get("quoth-assistant")) customElements.define("quoth-assistant", QuothAssistant);
})();
