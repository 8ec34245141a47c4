// Calls to the interface under /v1: one way to ask, one way to tell what went wrong.

const TIMEOUT_MS = 120000;

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
    const detail = refused ? "请求被拒绝（状态 " + response.status + "）" : "连不上服务器，请稍后再试";
    return { problem: { error: refused ? "refused" : "unreachable", detail } };
  } finally {
    clearTimeout(timer);
  }
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
