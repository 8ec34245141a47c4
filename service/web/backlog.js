// 批量: a file is looked into first, then handed over; what is under way is followed and survives a reload.
import { call, make, percent, tell } from "./calls.js";

const LOOK_EVERY_MS = 1000;
const AGAIN_MS = 5000;
const page = {};
document.querySelectorAll("[id]").forEach((element) => { page[element.id] = element; });
const query = page.upload.dataset.query;
let chosen = null;

function refill(element, children) {
  element.textContent = "";
  element.append(...children);
}

/** Takes a file that was dropped or chosen; how it is read is for the file to say. */
function take(file) {
  chosen = file;
  page.encoding.value = "";
  refill(page.sheet, []);
  page.preview.hidden = true;
  lookInto();
}

function asTold() {
  const form = new FormData();
  form.append("file", chosen);
  form.append("encoding", page.encoding.value);
  form.append("sheet", page.sheet.value);
  return form;
}

async function lookInto() {
  const file = chosen;
  const form = asTold();
  tell("");
  const { body, problem } = await call("/v1/jobs/preview" + query, { method: "POST", body: form });
  if (chosen !== file || form.get("encoding") !== page.encoding.value || form.get("sheet") !== page.sheet.value) return;
  if (problem) return void tell(problem.detail); // what was seen before stays, to choose otherwise
  page.how.textContent = file.name + "：" + body.how;
  page.encodings.hidden = !body.encoding;
  page.sheets.hidden = body.sheets.length < 2;
  if (!page.sheet.options.length) offer(page.sheet, body.sheets, "", "有正文列的各张");
  const head = make("tr", "", ...body.columns.map((name) => {
    const cell = make("th", "", name);
    cell.scope = "col";
    return cell;
  }));
  const rows = body.rows.map((cells) => make("tr", "", ...cells.map((cell) => make("td", "", cell))));
  refill(page.rows, [make("thead", "", head), make("tbody", "", ...rows)]);
  offer(page["text-column"], body.columns, body.text_column, "请选择");
  offer(page["title-column"], body.columns, body.title_column, "没有标题");
  if (!page.preview.hidden) return;
  page.preview.hidden = false;
  page["text-column"].focus();
}

function offer(select, names, known, none) {
  const choices = ["", ...names].map((name) => {
    const option = make("option", "", name || none);
    option.value = name;
    option.selected = name === known;
    return option;
  });
  refill(select, choices);
}

async function start(event) {
  event.preventDefault();
  const form = asTold();
  form.append("text_column", page["text-column"].value);
  form.append("title_column", page["title-column"].value);
  form.append("headers", page.headers.value);
  form.append("format", page.format.value);
  const button = page.start.querySelector("button");
  button.disabled = true;
  const { problem } = await call("/v1/jobs" + query, { method: "POST", body: form });
  button.disabled = false;
  if (problem) tell(problem.detail);
  else location.reload();
}

async function follow(row) {
  const { body, problem } = await call("/v1/jobs/" + row.dataset.job);
  if (problem) {
    tell(problem.detail + "；任务在服务器上继续，稍后自动重试");
    return void setTimeout(() => follow(row), AGAIN_MS);
  }
  tell("");
  if (["done", "failed", "cancelled"].includes(body.state)) return void location.reload();
  const bar = row.querySelector("progress");
  bar.value = body.progress;
  bar.title = percent(body.progress);
  row.children[3].textContent = body.rows;
  return void setTimeout(() => follow(row), LOOK_EVERY_MS);
}

page.file.addEventListener("change", () => { if (page.file.files.length) take(page.file.files[0]); });
page.encoding.addEventListener("change", lookInto);
page.sheet.addEventListener("change", lookInto);
page.start.addEventListener("submit", start);
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  page.drop.addEventListener(kind, (event) => {
    event.preventDefault();
    page.drop.classList.toggle("is-over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
}
document.addEventListener("click", async (event) => {
  const job = event.target.dataset && event.target.dataset.cancel;
  if (!job) return;
  const { problem } = await call("/v1/jobs/" + job, { method: "DELETE" });
  if (problem) tell(problem.detail);
  else location.reload();
});
document.querySelectorAll("[data-under-way]").forEach(follow);
