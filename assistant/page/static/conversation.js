// The conversation: questions are sent as events, turns come back as HTML.
const turns = find(".q-turns");
const box = find("#quoth-question");
const status = find("[role=status]");
let asking = null; // the number of the question that is being answered
let asked = 0;
const sent = "quoth-sent"; // that question's words, kept in the tab: the page loads anew where the server went away

function say(words) {
  status.textContent = words;
}

function ask(question, turn = 0, complete = true) {
  question = question.trim();
  if (!question || asking !== null) return;
  asking = ++asked;
  sessionStorage.setItem(sent, question);
  showBusy(true);
  trigger("ask", { question, turn, complete, number: asking, upload: chosen() });
}

function showBusy(busy) {
  if (!busy) sessionStorage.removeItem(sent);
  find(".q-ask [type=submit]").hidden = busy;
  find(".q-stop").hidden = !busy;
  page.toggleAttribute("data-busy", busy);
}

function stop() {
  trigger("stop", { number: asking });
  giveUp("Stopped.");
  box.focus();
}

function giveBack() {
  if (!box.value && !find(".q-edit")) box.value = sessionStorage.getItem(sent) ?? "";
}

// The question under way gets no answer: its turn says why; one that has no turn yet goes back where it was typed.
function giveUp(why) {
  const turn = find(".q-turn[data-state=working]");
  if (turn) {
    turn.dataset.state = "done";
    find(".q-doing", turn).textContent = why;
    find(".q-asked-tools", turn).innerHTML = '<button type="button" class="q-quiet" data-do="retry">Try again</button>';
  } else giveBack();
  asking = null;
  showBusy(false);
  say(why);
}

function clearAll() {
  trigger("clear_all");
  asking = null;
  showBusy(false);
  turns.replaceChildren();
  unmark();
  citedFrom = null;
  find(".q-return").hidden = true;
  showStart(true);
  say("A new conversation.");
  box.focus();
}

function showStart(shown) {
  find(".q-start").hidden = !shown;
  find(".q-tools").hidden = shown;
}

// A turn as it is now; turns after it belong to a question that was edited, and go.
function showTurn({ turn, html, number, versions: cited }) {
  if (number !== asking) return; // stopped meanwhile
  forget(cited);
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.firstElementChild;
  const stale = find(`#quoth-turn-${turn}`);
  const focused = stale?.contains(document.activeElement);
  stale ? stale.replaceWith(fresh) : turns.append(fresh);
  while (fresh.nextElementSibling) fresh.nextElementSibling.remove();
  showStart(false);
  say(fresh.dataset.say);
  if (focused || document.activeElement === document.body) focusOn(find(".q-question", fresh));
  fresh.scrollIntoView({ block: "start" });
  if (fresh.dataset.state === "done") finish(fresh);
}

function finish(turn) {
  asking = null;
  showBusy(false);
  const first = find(".q-answer > figure .q-cite", turn);
  if (!first) return;
  first.setAttribute("aria-current", "true");
  citedFrom = first;
  find(".q-return").hidden = false;
  showPlace(first.dataset, { focus: false });
}

function edit(button) {
  const turn = button.closest(".q-turn");
  const form = document.createElement("form");
  form.className = "q-edit";
  form.innerHTML =
    '<textarea aria-label="Edit your question" rows="2"></textarea>' +
    '<button type="submit" class="q-primary">Ask again</button>' +
    '<button type="button" class="q-quiet" data-do="cancel-edit">Cancel</button>';
  const text = find("textarea", form);
  text.value = turn.dataset.question;
  text.maxLength = box.maxLength;
  find(".q-asked", turn).hidden = true;
  turn.prepend(form);
  text.focus();
  text.select();
}

function cancelEdit(turn) {
  find(".q-edit", turn).remove();
  find(".q-asked", turn).hidden = false;
  find("[data-do=edit]", turn).focus();
}

function again(button, complete = true) {
  const { question, turn } = button.closest(".q-turn").dataset;
  ask(question, Number(turn), complete);
}

function rate(button) {
  const turn = button.closest(".q-turn");
  const helpful = button.dataset.helpful === "true";
  trigger("rate", { turn: Number(turn.dataset.turn), helpful, reason: button.dataset.reason ?? null });
  const reasons = find(".q-reasons", turn);
  reasons.hidden = helpful || "reason" in button.dataset;
  if (reasons.hidden) focusOn(find(".q-rating", turn));
  else find("button", reasons).focus();
}

function showRated({ rated, say: words }) {
  say(words);
  const rating = find(`#quoth-turn-${rated} .q-rating`);
  if (rating) rating.textContent = words;
}

function askBack(form) {
  const turn = Number(form.closest(".q-turn").dataset.turn);
  trigger("ask_back", { turn, address: form.address.value, consent: form.consent.checked });
}

function showAskedBack({ asked_back: turn, kept, say: words }) {
  say(words);
  const form = find(`#quoth-turn-${turn} .q-ask-back`);
  if (!form) return;
  const told = find(".q-label", form) ?? document.createElement("p");
  told.className = "q-label";
  told.textContent = words;
  if (kept) form.replaceWith(told);
  else form.append(told);
  focusOn(told);
}

function show(patch) {
  if (patch.turn) showTurn(patch);
  else if ("asked_back" in patch) showAskedBack(patch);
  else if ("rated" in patch) showRated(patch);
  else if ("uploading" in patch) {
    showUploading(patch.uploading, patch.wrong);
    if ("uploads" in patch) showUploads(patch);
  }
  else if (patch.failed && asking !== null) giveUp("This question could not be asked.");
}
