// 复核: one key a case; each choice is recorded by the call that other systems use.
import { call, tell } from "./calls.js";

const OTHERS = { category: ["类别（名称或代码）", "corrected", "categories"], department: ["改派给", "reassigned", "departments"] };
const page = {};
document.querySelectorAll("[id]").forEach((element) => { page[element.id] = element; });
const query = page.queue.dataset.query;
const cases = () => Array.from(page.queue.querySelectorAll(".case"));
let isRecording = false; // one key, one decision: a key held down decides nothing more

function present() {
  return page.queue.querySelector(".case.is-present") || cases()[0] || null;
}

function turnTo(one) {
  page.queue.querySelectorAll(".is-present").forEach((element) => element.classList.remove("is-present"));
  if (!one) return;
  one.classList.add("is-present");
  one.focus();
}

function step(by) {
  const all = cases();
  const at = all.indexOf(present());
  turnTo(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

/** Turns to the first case of the next part that has any. */
function nextPart(one) {
  const parts = Array.from(page.queue.querySelectorAll("section")).filter((part) => part.querySelector(".case"));
  const at = parts.indexOf(one.closest("section"));
  turnTo(parts[(at + 1) % parts.length].querySelector(".case"));
}

async function decide(one, decision) {
  if (isRecording) return;
  isRecording = true;
  const { problem } = await call("/v1/decisions" + query, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ticket: one.dataset.ticket, ...decision }),
  });
  isRecording = false;
  tell(problem ? problem.detail + "；这一件还没有记录" : "");
  if (!problem) leave(one);
}

function leave(one) {
  const all = cases();
  const following = all[all.indexOf(one) + 1];
  closeOther();
  one.remove();
  page.left.textContent = String(cases().length);
  turnTo(following || cases()[0]);
  if (!cases().length && page.queue.dataset.more === "1") location.reload();
}

function decideBy(button) {
  const { action, category, department } = button.dataset;
  decide(button.closest(".case"), { action, category, department });
}

function openOther(one) {
  const [label, , list] = OTHERS[one.dataset.kind];
  turnTo(one);
  page["instead-label"].textContent = label;
  page.instead.setAttribute("list", list);
  page.instead.value = "";
  one.append(page.other);
  page.other.hidden = false;
  page.instead.focus();
}

function closeOther() {
  page.other.hidden = true;
  page.queue.append(page.other);
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && !page.other.hidden) {
    closeOther();
    turnTo(present());
  }
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const one = present();
  if (!one) return;
  const key = event.key.toLowerCase();
  const button = /^[1-9]$/.test(key) ? one.querySelectorAll("[data-action]")[Number(key) - 1] : null;
  if (button) decideBy(button);
  else if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "n") nextPart(one);
  else if (key === "c") openOther(one);
  else return;
  event.preventDefault();
});

page.queue.addEventListener("click", (event) => {
  const button = event.target.closest(".choices button");
  if (!button) return;
  if ("other" in button.dataset) openOther(button.closest(".case"));
  else decideBy(button);
});

page.other.addEventListener("submit", (event) => {
  event.preventDefault();
  const one = page.other.closest(".case");
  const [, action] = OTHERS[one.dataset.kind];
  decide(one, { action, [one.dataset.kind]: page.instead.value });
});

page.queue.querySelectorAll("a[href^='#']").forEach((link) => link.addEventListener("click", () =>
  turnTo(page.queue.querySelector(link.hash + " .case") || present())));

page["never-mind"].addEventListener("click", () => {
  closeOther();
  turnTo(present());
});

turnTo(cases()[0]);
