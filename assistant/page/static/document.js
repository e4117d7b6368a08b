// The document pane: a document is opened, an offset in it found, a range of it marked.
const page = element.querySelector(".quoth");
const find = (selector, within = page) => within.querySelector(selector);
const findAll = (selector, within = page) => [...within.querySelectorAll(selector)];
const pages = find(".q-pages");
const opened = new Map(); // a document's id and the promise of its article
let citedFrom = null; // what was chosen to come here, and where "Back to the answer" leads

function openDocument(id) {
  if (!opened.has(id)) {
    const loading = server.read_document(id).then(toArticle);
    loading.catch(() => opened.delete(id));
    opened.set(id, loading);
  }
  return opened.get(id).then(showArticle);
}

function close(id) {
  opened.get(id)?.then((article) => article.remove());
  opened.delete(id);
}

const versions = new Map(); // what each document was when it was opened or cited

// Close what is no longer as it was; with `all`, what is no longer there too.
function forget(now, all = false) {
  for (const id of [...opened.keys()]) {
    const gone = all && !(id in now);
    const changed = id in now && versions.has(id) && versions.get(id) !== now[id];
    if (!gone && !changed) continue;
    close(id);
    if (changed && !find(`article[data-document="${CSS.escape(id)}"]`, pages)?.hidden) openDocument(id);
  }
  for (const [id, version] of Object.entries(now)) versions.set(id, version);
}

function toArticle(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const article = holder.content.firstElementChild;
  find(":scope > .q-doing", pages)?.remove();
  pages.append(article);
  return article;
}

function showArticle(article) {
  for (const other of pages.children) other.hidden = other !== article;
  find(".q-opened").textContent = find("h2", article)?.textContent ?? "";
  for (const title of findAll(".q-contents [data-do=open]")) {
    title.setAttribute("aria-current", String(title.dataset.document === article.dataset.document));
  }
  return article;
}

// Offsets count code points, strings in a browser UTF-16 units.
function unitsOf(text, points) {
  let units = 0;
  for (; points > 0; points--) units += text.codePointAt(units) > 0xffff ? 2 : 1;
  return units;
}

function pointsOf(text) {
  let points = 0;
  for (const _ of text) points++;
  return points;
}

function blocksBetween(article, start, end) {
  return findAll("[data-start]", article).filter((block) => block.dataset.start < end && start < block.dataset.end);
}

function textsOf(block) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  return texts;
}

function mark(article, start, end, name) {
  for (const block of blocksBetween(article, start, end)) {
    let at = Number(block.dataset.start);
    for (const text of textsOf(block)) {
      const length = pointsOf(text.data);
      const from = Math.max(start - at, 0);
      const to = Math.min(end - at, length);
      if (from < to) wrap(text, unitsOf(text.data, from), unitsOf(text.data, to), name);
      at += length;
    }
  }
}

function wrap(text, from, to, name) {
  const middle = from ? text.splitText(from) : text;
  if (middle.length > to - from) middle.splitText(to - from);
  const marked = document.createElement("mark");
  marked.className = name;
  middle.replaceWith(marked);
  marked.append(middle);
}

function unmark() {
  for (const marked of findAll("mark", pages)) {
    const parent = marked.parentNode;
    marked.replaceWith(...marked.childNodes);
    parent.normalize();
  }
  for (const here of findAll(".q-here", pages)) here.classList.remove("q-here");
}

// Twice, because blocks that come into view for the first time may turn out higher or lower than was thought.
// `within` is what of the target must be seen where not all of it is: in a wide table, in a long line of code.
function bringIntoView(target, block = "center", within = null) {
  const bring = () => {
    target.scrollIntoView({ block });
    within?.scrollIntoView({ block: "nearest" });
  };
  bring();
  requestAnimationFrame(() => requestAnimationFrame(bring));
}

// Opens a place: {document, at, end, short}; without an end nothing is marked.
async function showPlace(place, { focus = true } = {}) {
  const article = await openDocument(place.document);
  unmark();
  const at = Number(place.at);
  const end = Number(place.end ?? at + 1);
  if (place.end) {
    mark(article, at, end, "q-quoted");
    const [from, to] = (place.short ?? "").split(" ").map(Number);
    if (to > from && (from > at || to < end)) mark(article, from, to, "q-short");
  }
  const target = find("mark", article) ?? blocksBetween(article, at, end)[0] ?? article;
  if (focus) showPane("document");
  bringIntoView(target, place.end ? "center" : "start", find("mark.q-short", article));
  if (focus) focusOn(target);
}

function focusOn(target) {
  if (!target.matches("button, [tabindex]")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

function openNote(button) {
  const article = button.closest("article");
  const note = find(`li[data-note="${button.dataset.notes.split(" ")[0]}"]`, article);
  unmark();
  note.cameFrom = button;
  note.classList.add("q-here");
  bringIntoView(note);
  focusOn(note);
}

function leaveNote(button) {
  const note = button.closest("li");
  const marker = note.cameFrom ?? find(`.q-marker[data-notes~="${button.dataset.note}"]`, button.closest("article"));
  bringIntoView(marker);
  focusOn(marker);
}

function showPane(name) {
  page.dataset.pane = name;
  for (const button of findAll(".q-switch button")) {
    button.setAttribute("aria-pressed", String(button.dataset.pane === name));
  }
}

function cite(button) {
  for (const other of findAll(".q-cite[aria-current]")) other.removeAttribute("aria-current");
  find(".q-cite", button.closest("figure") ?? button)?.setAttribute("aria-current", "true");
  citedFrom = button;
  find(".q-return").hidden = false;
  showPlace(button.dataset);
}

function returnToAnswer() {
  if (!citedFrom?.isConnected) return;
  showPane("conversation");
  citedFrom.focus();
  citedFrom.scrollIntoView({ block: "nearest" });
}
