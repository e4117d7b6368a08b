// A file that a person drops or picks, and the choice of what is asked.
const uploader = find(".q-uploads");
const picker = find("input[type=file]", uploader);
const chosen = () => find("[name=quoth-asked]:checked", uploader)?.value ?? "";

function showUploading(words, wrong = false) {
  const told = find(".q-uploading", uploader);
  told.textContent = words;
  told.classList.toggle("q-error", wrong);
  say(words);
}

async function upload(file) {
  if (file.size > picker.largest) {
    const most = Math.floor((picker.largest / 1048576) * 10) / 10;
    return showUploading(`${file.name} is larger than the ${most} MB that are taken. Give a smaller file.`, true);
  }
  showUploading(`Sending ${file.name} …`);
  try {
    const headers = { "Content-Type": "application/octet-stream" };
    const answer = await fetch(location.pathname.replace(/\/?$/, "/upload"), { method: "POST", body: file, headers });
    const told = await answer.json();
    if (answer.ok) trigger("take_upload", { key: told.key, name: file.name });
    else showUploading(told.detail, true);
  } catch {
    showUploading(`${file.name} could not be sent. Try again.`, true);
  }
}

// What this page holds: the choice of what is asked; the list of documents is read again.
function showUploads({ uploads, uploaded_versions: now, chosen: choose = chosen() }) {
  find(".q-uploaded", uploader).innerHTML = uploads;
  const wanted = findAll("[name=quoth-asked]", uploader).find((choice) => choice.value === choose);
  if (wanted) wanted.checked = true;
  for (const id of [...opened.keys()]) if (id.startsWith("uploaded:") && !(id in now)) close(id);
  refresh().then(openChosen);
}

function openChosen() {
  const id = chosen() || find(".q-contents [data-do=open]")?.dataset.document;
  if (id) openDocument(id);
}

function beginUploads(first) {
  uploader.hidden = !first.largest;
  if (uploader.hidden) return;
  picker.largest = first.largest;
  picker.accept = first.formats;
  uploader.addEventListener("change", (event) => event.target.name === "quoth-asked" && openChosen());
  page.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  page.addEventListener("drop", (event) => {
    event.preventDefault();
    for (const file of event.dataTransfer.files) upload(file);
  });
  picker.addEventListener("change", () => {
    for (const file of picker.files) upload(file);
    picker.value = "";
  });
}
