// 模型: switching versions and starting trainings, by the calls that other systems use.
import { call, tell } from "./calls.js";

const LOOK_EVERY_MS = 2000;
const page = {};
document.querySelectorAll("[id]").forEach((element) => { page[element.id] = element; });
const query = page.versions.dataset.query;
let refused = ""; // the call that the gate refused

function also(text) {
  return (query ? "&" : "?") + text;
}

async function act(path) {
  tell("");
  const buttons = page.versions.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  const { problem } = await call(path + query, { method: "POST" });
  if (!problem) return location.reload();
  buttons.forEach((button) => { button.disabled = false; });
  if (problem.error !== "promotion_refused") return tell(problem.detail);
  refused = path;
  page.refused.textContent = problem.detail;
  page.refusal.hidden = false;
  return page.why.focus();
}

page.versions.addEventListener("click", (event) => {
  const path = event.target.dataset.act;
  if (path) act(path);
});

page.force.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { problem } = await call(refused + query + also("force=true&reason=" + encodeURIComponent(page.why.value)),
    { method: "POST" });
  if (problem) tell(problem.detail);
  else location.reload();
});

async function start(path, form, files) {
  tell("");
  if (files.length) form.append("file", files[0]);
  const { problem } = await call(path + query, { method: "POST", body: form });
  if (problem) tell(problem.detail);
  else location.reload();
}

page.train.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData();
  form.append("decisions", String(page.decisions.checked));
  start("/v1/trainings", form, page.labels.files);
});

page.audit.addEventListener("submit", (event) => {
  event.preventDefault();
  start("/v1/label-audits", new FormData(), page.labelled.files);
});

async function follow(row) {
  const { body, problem } = await call(row.dataset.job);
  if (problem) tell(problem.detail);
  else if (["done", "failed", "cancelled"].includes(body.state)) return location.reload();
  else row.querySelector(".progress").textContent = body.stage + " " + Math.floor(body.progress * 100) + "%";
  return setTimeout(() => follow(row), LOOK_EVERY_MS);
}

document.querySelectorAll("[data-under-way]").forEach(follow);
