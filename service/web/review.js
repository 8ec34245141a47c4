// 复核: one key a case; each choice is recorded by the call that other systems use.
import { call, tell } from "./calls.js";

const page = {};
document.querySelectorAll("[id]").forEach((element) => { page[element.id] = element; });
const query = page.queue.dataset.query;
const cases = () => Array.from(page.queue.querySelectorAll(".case"));

function present() {
  return page.queue.querySelector(".case.is-present") || cases()[0] || null;
}

function turnTo(one) {
  page.queue.querySelectorAll(".is-present").forEach((element) => element.classList.remove("is-present"));
  if (!one) return;
  one.classList.add("is-present");
  one.focus();
}

async function decide(body) {
  const { problem } = await call("/v1/decisions" + query,
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  tell(problem ? problem.detail + "；这一件还没有记录" : "");
  return !problem;
}

async function choose(one, category, isFirst) {
  const action = isFirst ? "accepted" : "corrected";
  const decision = { ticket: one.dataset.ticket, action, category };
  if (!(await decide(decision))) return;
  const following = one.nextElementSibling;
  one.remove();
  page.left.textContent = String(cases().length);
  page.other.hidden = true;
  turnTo(following && following.classList.contains("case") ? following : cases()[0]);
}

function step(by) {
  const all = cases();
  const at = all.indexOf(present());
  turnTo(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const one = present();
  if (!one) return;
  const key = event.key.toLowerCase();
  const button = /^[1-9]$/.test(key) ? one.querySelectorAll("[data-category]")[Number(key) - 1] : null;
  if (button) choose(one, button.dataset.category, "first" in button.dataset);
  else if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "c") openOther(one);
  else return;
  event.preventDefault();
});

function openOther(one) {
  turnTo(one);
  one.append(page.other);
  page.other.hidden = false;
  page.category.value = "";
  page.category.focus();
}

page.queue.addEventListener("click", (event) => {
  const button = event.target.closest("[data-category]");
  if (button) choose(button.closest(".case"), button.dataset.category, "first" in button.dataset);
});

page.other.addEventListener("submit", async (event) => {
  event.preventDefault();
  const one = present();
  page.queue.append(page.other);
  await choose(one, page.category.value, false);
});

page["never-mind"].addEventListener("click", () => {
  page.other.hidden = true;
  turnTo(present());
});

document.querySelectorAll(".reassign").forEach((form) => form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const row = form.closest("tr");
  const department = form.querySelector("input").value;
  if (await decide({ ticket: row.dataset.ticket, action: "reassigned", department })) row.remove();
}));

turnTo(cases()[0]);
