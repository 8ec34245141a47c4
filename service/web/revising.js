// 目录: a table is checked and tried on recent tickets before it is put in place.
import { call, make, tell } from "./calls.js";

const page = {};
document.querySelectorAll("[id]").forEach((element) => { page[element.id] = element; });
const query = page.revision.dataset.query;

function refill(element, children) {
  element.textContent = "";
  element.append(...children);
}

async function send(trial) {
  const form = new FormData();
  form.append("file", page.sheet.files[0]);
  form.append("trial", String(trial));
  const buttons = page.revision.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  const { body, problem } = await call("/v1/catalogue/tables/" + page.table.value + query,
    { method: "POST", body: form });
  buttons.forEach((button) => { button.disabled = false; });
  page.outcome.hidden = Boolean(problem);
  if (problem) return void tell(problem.detail);
  tell("");
  page.told.textContent = (body.replaced ? "已替换：" : "可以替换：") + body.rows + " 行；试算最近一个月的 "
    + body.tickets + " 张工单，" + body.otherwise + " 张的派单" + (body.replaced ? "有变" : "会改变");
  refill(page.warnings, body.warnings.map((text) => make("li", "hint", text)));
  refill(page.moved, body.moved.length ? [make("tbody", "", ...body.moved.map((one) => make("tr", "",
    make("td", "", one.ticket), make("td", "", one.before), make("td", "", "→"), make("td", "", one.after))))] : []);
  page.replace.hidden = body.replaced;
}

page.table.addEventListener("change", () => {
  page.download.href = "/v1/catalogue/tables/" + page.table.value + query;
  page.outcome.hidden = true;
});
page.sheet.addEventListener("change", () => { page.outcome.hidden = true; });
page.revise.addEventListener("submit", (event) => {
  event.preventDefault();
  send(true);
});
page.replace.addEventListener("click", () => send(false));
