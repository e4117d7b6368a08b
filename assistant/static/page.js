// A citation chosen in the conversation opens its card in the source panel; nothing is asked of the server.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button.quoth-cite");
  if (!button) return;
  const panel = document.querySelector("#quoth-source");
  for (const card of panel.querySelectorAll(".quoth-card")) {
    card.hidden = card.dataset.card !== button.dataset.card;
  }
  for (const other of element.querySelectorAll("button.quoth-cite")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const card = panel.querySelector(".quoth-card:not([hidden])");
  card.focus({ preventScroll: true });
  card.querySelector("mark").scrollIntoView({ block: "center" });
});
watch("value", () => element.querySelector(".quoth-turn:last-child")?.scrollIntoView({ block: "nearest" }));
