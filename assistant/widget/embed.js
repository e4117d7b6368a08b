// The page in an iframe: a token from the address's fragment, which no server sees; the height, told to the named host alone.
"use strict";
const host = document.body.dataset.host;
const assistant = document.querySelector("quoth-assistant");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  assistant.token = token;
  history.replaceState(null, "", location.pathname + location.search);
}
if (host && window.parent !== window) {
  const tell = () => {
    const height = Math.ceil(document.querySelector("main").getBoundingClientRect().height);
    window.parent.postMessage({ type: "quoth:height", height }, host);
  };
  new ResizeObserver(tell).observe(document.querySelector("main"));
}
