// Calls to the interface under /v1: one way to ask, one way to tell what went wrong.

const TIMEOUT_MS = 120000;
const LOOK_MS = 3000;
const GOOD_NEWS_MS = 5000;
const LOST = "连不上服务器；已填内容保留在本页，正在等它恢复";
const FOUND = "服务器已恢复，可以继续";
let isLost = false;

/** Returns {body} or {problem: {error, detail}}; `error` is "unreachable" where the server does not answer. */
export async function call(path, options = {}) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIMEOUT_MS);
  let response;
  try {
    response = await fetch(path, { ...options, signal: limit.signal });
    const body = await response.json();
    return response.ok ? { body } : { problem: body };
  } catch (unreadable) {
    const refused = response && !response.ok;
    const detail = refused ? "请求被拒绝（状态 " + response.status + "）" : LOST;
    if (!refused) awaitServer();
    return { problem: { error: refused ? "refused" : "unreachable", detail } };
  } finally {
    clearTimeout(timer);
  }
}

/** Tells whether the server answers; where it does not, says so until it does. */
export async function isThere() {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), LOOK_MS);
  try {
    return (await fetch("/livez", { cache: "no-store", signal: limit.signal })).ok;
  } catch (unreachable) {
    awaitServer();
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function awaitServer() {
  if (isLost) return;
  isLost = true;
  if (!document.getElementById("notice").textContent.includes(LOST)) tell(LOST);
  setTimeout(async function look() {
    isLost = false; // for what is asked meanwhile, and for this look
    if (!(await isThere())) return;
    tell(FOUND);
    setTimeout(() => { if (document.getElementById("notice").textContent === FOUND) tell(""); }, GOOD_NEWS_MS);
  }, LOOK_MS);
}

export function tell(text) {
  const notice = document.getElementById("notice");
  if (notice.textContent !== text) notice.textContent = text;
}

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function percent(share) {
  return Math.floor(share * 100 + 1e-9) + "%";
}
