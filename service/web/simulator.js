// 模型: the threshold simulator moved by hand, over the figures that the page already shows as tables.

const page = {};
document.querySelectorAll("[id]").forEach((element) => { page[element.id] = element; });
const rows = Array.from(page.targets.tBodies[0].rows);

function show() {
  const at = Number(page.target.value);
  const [target, share, right, returns] = Array.from(rows[at].cells, (cell) => cell.textContent);
  rows.forEach((row, one) => row.classList.toggle("in-use", one === at));
  if (page.shares) {
    Array.from(page.shares.rows).forEach((row) => Array.from(row.cells).forEach((cell, one) =>
      cell.classList.toggle("is-chosen", one === at + 1)));
  }
  page.asked.textContent = target;
  page.outcome.textContent = "要求 " + target + " 正确：自动派单 " + share + "，其中正确 " + right + "，预计退单 " + returns
    + " 件（" + page.targets.tHead.rows[0].cells[3].textContent.replace(/.*（|）/g, "") + "）";
}

if (rows.length) {
  page.dial.hidden = false;
  page.target.value = String(Math.floor(rows.length / 2));
  page.target.addEventListener("input", show);
  show();
}
