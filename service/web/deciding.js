// 受理, the second half: the clerk accepts or chooses otherwise, and the choice is recorded as a ticket's decision.
import { call, make, percent, tell } from "./calls.js";

const MOST_FOUND = 30;
const RELATIONS = { duplicate: "内容几乎相同", matter: "同一事项" };
const query = location.search;
const page = {};
document.querySelectorAll("[id]").forEach((element) => { page[element.id] = element; });

let shown = null; // {asked, suggestion}, as intake.js tells
let chosen = 0; // which of the suggested categories
let learning = null; // until the catalogue is here
let categories = []; // of the catalogue: lowest ones that are in force
let departments = [];
let ticket = ""; // the id under which what is on the page is recorded, kept for another try

// The catalogue, once, when it is first of use

function learnCatalogue() {
  learning = learning || learn();
  return learning;
}

async function learn() {
  const [found, directory] = await Promise.all([
    call("/v1/catalogue/categories" + query), call("/v1/catalogue/departments" + query)]);
  if (found.problem || directory.problem) {
    learning = null;
    return;
  }
  const parents = new Set(found.body.categories.map((one) => one.parent));
  categories = found.body.categories.filter((one) => !parents.has(one.code) && !one.replaced_by);
  departments = directory.body.departments;
  page.directory.append(...departments.map((one) => make("option", "", one.name)));
  if (!shown) return;
  define();
  offer(); // what was typed before the catalogue was here
}

function matching(words) {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return [];
  const first = categories.filter((one) => one.code.startsWith(wanted) || one.initials.startsWith(wanted));
  const others = categories.filter((one) => one.path.includes(wanted) || one.initials.includes(wanted));
  return Array.from(new Set([...first, ...others]));
}

function named(words) {
  const given = words.trim();
  return categories.find((one) => one.path === given || one.code === given) || matching(given)[0] || null;
}

// What is chosen

function show() {
  const { suggestion } = shown;
  Array.from(page.categories.children).forEach((row, at) => {
    const button = make("button", "pick", String(at + 1));
    button.type = "button";
    button.setAttribute("aria-label", "选择类别 " + suggestion.categories[at].category.name);
    button.addEventListener("click", () => choose(at));
    row.append(button);
  });
  page["similar-row"].hidden = suggestion.similar.length === 0;
  page.similar.textContent = suggestion.similar.map((one) =>
    one.ticket + "（" + RELATIONS[one.relation] + " " + percent(one.similarity) + "）").join("、")
    + (suggestion.matter && suggestion.matter.count > 1 ? "；同一事项已有 " + suggestion.matter.count + " 件" : "");
  choose(0);
  define();
}

/** Beside two candidates that are close, what each is for. */
function define() {
  const { decision, categories: candidates } = shown.suggestion;
  page.categories.querySelectorAll(".definition").forEach((element) => element.remove());
  if (!["close_call", "several_matters"].includes(decision.code)) return;
  candidates.slice(0, 2).forEach(({ category }, at) => {
    const known = categories.find((one) => one.code === category.code);
    if (known && known.definition) {
      page.categories.children[at].firstElementChild.append(make("div", "definition", known.definition));
    }
  });
}

function choose(at) {
  chosen = at;
  page["other-category"].value = "";
  page.categories.querySelectorAll(".pick").forEach((button, one) =>
    button.setAttribute("aria-pressed", String(one === at)));
  say();
}

function decision() {
  const { categories: candidates, departments: leads } = shown.suggestion;
  const otherCategory = page["other-category"].value ? named(page["other-category"].value) : null;
  const otherDepartment = departments.find((one) => one.name === page["other-department"].value.trim());
  const category = otherCategory || candidates[chosen].category;
  const department = otherDepartment || (leads.length ? leads[0].department : null);
  const isChanged = category.code !== candidates[0].category.code || Boolean(otherDepartment);
  return { category, department, action: isChanged ? "corrected" : "accepted", isDepartmentChanged: Boolean(otherDepartment) };
}

function say() {
  if (!shown) return;
  const { category, department, action } = decision();
  page.chosen.textContent = (action === "accepted" ? "将按建议记录：" : "将改为：") + category.path.split("/").join(" / ")
    + "，主办 " + (department ? department.name : "待人工指定");
}

// Recording

function isCurrent() {
  return shown && shown.asked.title === page.title.value && shown.asked.text === page.text.value;
}

function newTicket() {
  const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString();
  const random = Array.from(crypto.getRandomValues(new Uint8Array(3)), (one) => one.toString(16).padStart(2, "0"));
  return "SL" + now.slice(0, 19).replace(/[-:T]/g, "") + random.join("");
}

function send(path, body) {
  return call(path + query, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

async function record(event) {
  if (event) event.preventDefault();
  if (page["other-category"].value || page["other-department"].value) await learnCatalogue();
  if (!isCurrent() || page.accept.disabled) return void (page.done.textContent = "建议尚未更新，没有记录");
  const unknown = [["other-category", "类别", named], ["other-department", "部门",
    (words) => departments.find((one) => one.name === words.trim())]]
    .find(([field, , find]) => page[field].value.trim() && !find(page[field].value));
  if (unknown) return void tell("没有这个" + unknown[1] + "：请从列出的名称中选择");
  const { category, department, action, isDepartmentChanged } = decision();
  const asked = shown.asked;
  ticket = ticket || newTicket();
  page.accept.disabled = true;
  const suggested = await send("/v1/suggestions", { ...asked, id: ticket });
  const decided = suggested.problem ? suggested : await send("/v1/decisions", {
    ticket, action, category: category.code, department: isDepartmentChanged ? department.code : "" });
  page.accept.disabled = false;
  if (decided.problem) return void tell(decided.problem.detail + "；没有记录，内容保留在本页，可再按一次");
  tell("");
  const recorded = ticket;
  ticket = "";
  page.clear.click();
  page.done.textContent = "已记录 " + recorded + "：" + category.name + (department ? "，" + department.name : "");
  return undefined;
}

document.addEventListener("suggested", ({ detail }) => {
  if (!detail || !shown || detail.asked.text !== shown.asked.text) {
    ticket = "";
    page["other-department"].value = "";
  }
  shown = detail;
  if (!shown) return;
  show();
  learnCatalogue();
});

function offer() {
  const found = matching(page["other-category"].value).slice(0, MOST_FOUND);
  page.found.textContent = "";
  page.found.append(...found.map((one) => {
    const option = make("option", "", one.initials + " " + one.code);
    option.value = one.path;
    return option;
  }));
  say();
}

page["other-category"].addEventListener("input", offer);
page["other-department"].addEventListener("input", say);
page.decide.addEventListener("submit", record);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey) return;
  if (event.key === "F8") {
    event.preventDefault();
    record();
    return;
  }
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  if (digit && (event.altKey || !isTyping) && shown && page.categories.children[Number(digit[1]) - 1]) {
    event.preventDefault();
    choose(Number(digit[1]) - 1);
  }
});
