// What can be taken along: a citation, a link, the conversation as Markdown.
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // a page that is not on https has no clipboard
  }
  const menu = button.closest(".q-menu");
  if (menu) {
    menu.open = false;
    find("summary", menu).focus();
  }
  const told = menu ? find("summary", menu) : button;
  const words = told.textContent;
  told.textContent = "Copied";
  setTimeout(() => (told.textContent = words), 1500);
  say("Copied.");
}

function copyBySelection(text) {
  const held = document.createElement("textarea");
  held.value = text;
  page.append(held);
  held.select();
  document.execCommand("copy");
  held.remove();
}

function addressOf(change) {
  const url = new URL(location.href);
  url.search = "";
  url.hash = "";
  change(url);
  return url.href;
}

function linkToQuestion(question) {
  return addressOf((url) => url.searchParams.set("q", question));
}

function linkToPlace({ document: id, at, end }) {
  return addressOf((url) => (url.hash = new URLSearchParams({ document: id, from: at, to: end })));
}

function download() {
  const written = findAll(".q-turn").map((turn) => turn.dataset.markdown);
  const file = new Blob(["# Conversation\n\n", written.join("\n\n"), "\n"], { type: "text/markdown" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "conversation.md";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  say("The conversation is downloaded.");
}
