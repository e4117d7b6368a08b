// What a person does, and what happens then.
const actions = {
  ask: (button) => ask(button.textContent),
  "as-written": (button) => again(button, false),
  retry: (button) => again(button),
  edit,
  "cancel-edit": (button) => cancelEdit(button.closest(".q-turn")),
  stop,
  clear: clearAll,
  download,
  cite,
  place: (button) => {
    closeMenus();
    if (button.closest(".q-turn")) cite(button);
    else showPlace(button.dataset);
  },
  open: (button) => {
    closeMenus();
    openDocument(button.dataset.document).then((article) => {
      showPane("document");
      unmark();
      pages.scrollTop = 0;
      focusOn(find("h2", article));
    });
  },
  note: openNote,
  back: leaveNote,
  return: returnToAnswer,
  pane: (button) => showPane(button.dataset.pane),
  copy: (button) => copy(button.dataset.copy, button),
  "copy-place": (button) => copy(linkToPlace(button.dataset), button),
  "copy-question": (button) => copy(linkToQuestion(button.closest(".q-turn").dataset.question), button),
  "remove-upload": (button) => trigger("remove_upload", { id: button.dataset.document }),
  rate,
  reason: (button) => {
    button.dataset.helpful = "false";
    rate(button);
  },
};

function closeMenus(but = null) {
  for (const menu of findAll(".q-menu[open]")) if (menu !== but) menu.open = false;
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  closeMenus(event.target.closest(".q-menu"));
  if (button) {
    hidePopover();
    actions[button.dataset.do](button);
  }
});

element.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.closest(".q-ask-back")) return askBack(event.target);
  const turn = event.target.closest(".q-turn");
  const text = find("textarea", event.target);
  if (asking !== null || !text.value.trim()) return;
  ask(text.value, turn ? Number(turn.dataset.turn) : 0);
  if (!turn) text.value = "";
});

element.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  if (event.key === "Escape") escape(event.target);
});

function escape(target) {
  const menu = target.closest(".q-menu[open]");
  if (!popover.hidden) hidePopover();
  else if (menu) {
    menu.open = false;
    find("summary", menu).focus();
  } else if (target.closest(".q-edit")) cancelEdit(target.closest(".q-turn"));
  else if (target.closest(".q-document")) returnToAnswer();
}

// Hovering a citation shows the sentence and its notes, hovering a marker its note.
const popover = find(".q-popover");
let leaving = 0;

function popoverFor(target) {
  const figure = target.closest("figure");
  if (target.matches(".q-marker")) {
    const notes = target.dataset.notes.split(" ");
    return notes.map((note) => find(`li[data-note="${note}"]`, target.closest("article")));
  }
  return figure ? [find("blockquote", figure), find(".q-place", figure), find(".q-behind", figure)] : [];
}

function showPopover(target) {
  const shown = popoverFor(target).filter(Boolean).map((part) => part.cloneNode(true));
  if (!shown.length) return;
  clearTimeout(leaving);
  popover.replaceChildren(...shown);
  for (const part of findAll("[data-do]:not(.q-place, .q-note-number)", popover)) part.remove();
  for (const part of findAll("[data-do], [tabindex]", popover)) part.replaceWith(...part.childNodes, " ");
  popover.hidden = false;
  const at = target.getBoundingClientRect();
  const size = popover.getBoundingClientRect();
  const below = at.bottom + size.height + 8 < innerHeight;
  popover.style.top = `${below ? at.bottom + 4 : Math.max(at.top - size.height - 4, 4)}px`;
  popover.style.left = `${Math.max(Math.min(at.left, innerWidth - size.width - 8), 8)}px`;
  target.setAttribute("aria-describedby", "quoth-popover");
}

function hidePopover() {
  popover.hidden = true;
  for (const described of findAll("[aria-describedby=quoth-popover]")) described.removeAttribute("aria-describedby");
}

element.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const target = event.target.closest(".q-cite, .q-marker");
  if (target) showPopover(target);
  else if (event.target.closest(".q-popover")) clearTimeout(leaving);
  else if (!popover.hidden) {
    clearTimeout(leaving);
    leaving = setTimeout(hidePopover, 200);
  }
});
element.addEventListener("focusin", (event) => {
  if (event.target.matches(".q-cite:focus-visible, .q-marker:focus-visible")) showPopover(event.target);
  else hidePopover();
});
pages.addEventListener("scroll", hidePopover, { passive: true });

function followHash() {
  const place = new URLSearchParams(location.hash.slice(1));
  if (!place.has("document")) return false;
  showPlace({ document: place.get("document"), at: place.get("from"), end: place.get("to") });
  return true;
}

// The list of documents as it is now. One that has changed is opened anew: offsets are of its new text.
function list(now) {
  find(".q-introduction").innerHTML = now.start;
  find(".q-contents nav").innerHTML = now.contents + (now.uploaded ?? "");
  find(".q-contents summary").textContent = now.several ? "Documents" : "Contents";
  forget({ ...now.versions, ...now.uploaded_versions }, !now.more); // of those that are not listed it is not known whether they are there
}

function refresh() {
  return server.read_start(null).then((now) => {
    list(now);
    find(".q-first").innerHTML = now.questions;
  });
}

find(".q-contents").addEventListener("toggle", (event) => event.target.open && refresh());

function begin(first) {
  list(first);
  box.maxLength = first.longest;
  beginUploads(first);
  find(".q-first").innerHTML = first.questions;
  if (!first.document) find(":scope > .q-doing", pages).textContent = "There is no document here that you may read.";
  if (!followHash()) {
    if (first.document) openDocument(first.document);
    if (matchMedia("(hover: hover)").matches) box.focus();
  }
  giveBack();
  sessionStorage.removeItem(sent);
  const question = new URLSearchParams(location.search).get("q");
  if (question) ask(question);
}

server.read_start(null).then(begin);
addEventListener("hashchange", followHash);
watch("value", () => show(props.value));
