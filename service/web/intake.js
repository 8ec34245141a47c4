// The intake page (受理): what a clerk types goes to /v1/suggestions, the answer is shown beside it.
// Everything shown is set as text, never as markup: a complaint may hold anything.
"use strict";

(function () {
  const PAUSE_MS = 120; // so that the suggestion stands there within 200 ms of the last key
  const RETRY_MS = 3000;
  const TIMEOUT_MS = 10000;
  const SETTLED_MS = 1200; // before a result is read aloud: not at every pause of one who types
  const HOURS_A_DAY = 8;
  const LONGEST_WORD = 20; // code points of evidence repeated in the line below the text

  const VERDICTS = { auto: "自动派单", suggest: "请确认", manual: "人工处理" };
  const SOURCES = { duty: "职责清单", jurisdiction: "属地", learnt: "文本判断", rule: "规则" };
  const URGENCY_CLASSES = { 紧急: "urgent", 特急: "critical" };
  const STRENGTHS = [0.1, 0.25, 0.5]; // weights from which evidence is stronger by a degree

  const LEDGER = new URLSearchParams(location.search).get("ledger") || "";
  const ADDRESS = "/v1/suggestions" + (LEDGER ? "?ledger=" + encodeURIComponent(LEDGER) : "");

  const page = {};
  document.querySelectorAll("[id]").forEach((element) => { page[element.id] = element; });

  let shown = null; // {asked, suggestion}: the suggestion on the page and the complaint it is for
  let cleared = null; // what 清空 took away, until something new is typed
  let waiting = 0; // timer of the next question
  let settling = 0; // timer of the next announcement
  let underway = null; // AbortController of the question whose answer is wanted

  // Asking

  function typed() {
    return { title: page.title.value, text: page.text.value, region: "" };
  }

  function isBlank({ title, text }) {
    return (title + text).trim() === "";
  }

  function isCurrent() {
    return shown !== null && shown.asked.title === page.title.value && shown.asked.text === page.text.value;
  }

  function askAfter(milliseconds) {
    clearTimeout(waiting);
    waiting = setTimeout(ask, milliseconds);
  }

  function dropQuestion() {
    clearTimeout(waiting);
    if (underway) underway.abort();
    underway = null;
  }

  async function ask() {
    dropQuestion();
    const asked = typed();
    if (isBlank(asked)) return showNothing();
    const question = new AbortController();
    underway = question;
    const limit = setTimeout(() => question.abort(), TIMEOUT_MS);
    const answer = await post(asked, question.signal);
    clearTimeout(limit);
    if (underway !== question) return undefined; // the text has changed since
    underway = null;
    if (answer.suggestion) return show(asked, answer.suggestion);
    if (answer.error === "empty_complaint") return showNothing();
    return showProblem(answer);
  }

  /** Returns {suggestion}, or {error, detail, lasting}: `lasting` problems stay until the text changes. */
  async function post(complaint, signal) {
    let response;
    try {
      response = await fetch(ADDRESS, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(complaint), signal,
      });
      const body = await response.json();
      return response.ok ? { suggestion: body } : { ...body, lasting: response.status < 500 };
    } catch (unreadable) { // no answer, or a proxy's page in place of one
      const refused = response && response.status >= 400 && response.status < 500;
      return { detail: refused ? "请求被拒绝（状态 " + response.status + "）" : "连不上服务器", lasting: refused };
    }
  }

  // Showing

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  }

  function refill(element, children) {
    element.textContent = "";
    element.append(...children);
  }

  function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function show(asked, suggestion) {
    shown = { asked, suggestion };
    say(page.notice, "");
    showDecision(suggestion);
    showFacts(suggestion);
    showCategories(suggestion);
    showDepartments(suggestion);
    showMarked(asked, suggestion);
    page.model.textContent = "台账 " + (LEDGER || "默认") + "　模型 " + suggestion.model;
    reflect();
    clearTimeout(settling);
    settling = setTimeout(() => say(page.announcement, inOneSentence(suggestion)), SETTLED_MS);
    document.dispatchEvent(new CustomEvent("suggested", { detail: shown })); // for deciding.js
  }

  function showNothing() {
    shown = null;
    document.dispatchEvent(new CustomEvent("suggested", { detail: null }));
    clearTimeout(settling);
    say(page.announcement, "");
    say(page.notice, "");
    reflect();
  }

  /** A lasting problem takes the former suggestion away; a passing one leaves it, dimmed where it is out of date. */
  function showProblem(problem) {
    if (problem.lasting) {
      showNothing();
      say(page.notice, problem.detail);
      return;
    }
    askAfter(RETRY_MS);
    const outdated = shown && !isCurrent() ? "；所示建议对应较早的文字" : "";
    say(page.notice, problem.detail + "；已填内容保留在本页，正在自动重试" + outdated);
    reflect();
  }

  /** Brings what depends on the state of the page up to date. */
  function reflect() {
    const stale = shown !== null && !isCurrent();
    const busy = underway !== null || (stale && !page.notice.textContent);
    page.hint.hidden = shown !== null;
    page.suggestion.hidden = page.marked.hidden = shown === null;
    page.result.classList.toggle("is-stale", stale);
    page.marked.classList.toggle("is-stale", stale);
    page.result.setAttribute("aria-busy", String(busy));
    page.copy.setAttribute("aria-disabled", String(shown === null || stale));
    page.restore.hidden = cleared === null;
  }

  function showDecision({ decision, alarms, urgency }) {
    page.verdict.textContent = VERDICTS[decision.verdict];
    page.verdict.className = "badge " + decision.verdict;
    page.reason.textContent = decision.reason;
    page.result.classList.toggle("is-manual", decision.verdict === "manual");
    page["categories-heading"].textContent = decision.verdict === "manual" ? "类别（仅供参考）" : "类别";
    page.alarms.classList.toggle("is-urgent", urgency !== "特急");
    refill(page.alarms, alarms.map((alarm) => make("li", "", make("b", "", alarm.rule), alarm.reason)));
  }

  function showFacts({ kind, urgency, deadline_hours: hours, region }) {
    page.kind.textContent = kind;
    page.urgency.textContent = urgency;
    page.urgency.className = "urgency " + (URGENCY_CLASSES[urgency] || "");
    page.deadline.textContent = deadline(hours);
    page.region.textContent = region ? region.path : "未识别";
  }

  function showCategories({ categories }) {
    refill(page.categories, categories.map(({ category, probability }) => {
      const filled = make("span");
      filled.style.width = probability * 100 + "%";
      const bar = make("div", "bar", filled);
      bar.setAttribute("aria-hidden", "true");
      const name = make("span", "name", category.name);
      const label = make("div", "", make("div", "", name, make("span", "code", category.code)));
      label.append(make("div", "path", category.path.split("/").join(" / ")));
      return make("li", "", label, bar, make("span", "share", percent(probability)));
    }));
  }

  function showDepartments({ departments, assisting }) {
    const lead = departments[0];
    refill(page.lead, lead ? [
      make("div", "name", lead.department.name, make("span", "level", lead.department.level)),
      make("span", "share", percent(lead.probability)),
      make("div", "why", why(lead)),
    ] : [make("div", "name", "待人工指定")]);
    const further = departments.slice(1);
    refill(page.candidates, further.map((one) =>
      make("li", "", make("b", "", one.department.name), " " + percent(one.probability) + "，" + why(one))));
    page["candidates-row"].hidden = further.length === 0;
    page.assisting.textContent = names(assisting);
    page["assisting-row"].hidden = assisting.length === 0;
  }

  function showMarked(asked, { evidence, personal_data: personal }) {
    const strongest = evidence.slice().sort((a, b) => b.weight - a.weight);
    const points = { title: Array.from(asked.title), text: Array.from(asked.text) };
    const words = strongest.map(({ field, start, end, weight }) =>
      points[field].slice(start, Math.min(end, start + LONGEST_WORD)).join("") + " " + percent(weight));
    page.evidence.textContent = words.length ? "依据：" + words.join("、") : "没有突出的依据";
    page["personal-legend"].hidden = personal.length === 0;
    for (const [field, element] of [["title", page["marked-title"]], ["text", page["marked-text"]]]) {
      const here = (span) => span.field === field;
      refill(element, markedNodes(points[field], evidence.filter(here), personal.filter(here)));
    }
  }

  /** Spans count Unicode code points, JavaScript's strings UTF-16 units: hence `points`, one element a code point. */
  function markedNodes(points, evidence, personal) {
    return cut(0, points.length, personal).map((part) => {
      const inner = cut(part.start, part.end, evidence).map(({ start, end, span }) => {
        const text = points.slice(start, end).join("");
        return span ? evidenceMark(text, span.weight) : text;
      });
      return part.span ? personalMark(inner, part.span.kind) : make("span", "", ...inner);
    });
  }

  /** Cuts [start, end) at the edges of `spans`, which do not overlap: [{start, end, span or null}]. */
  function cut(start, end, spans) {
    const parts = [];
    let at = start;
    for (const span of spans.slice().sort((a, b) => a.start - b.start)) {
      const from = Math.max(span.start, at);
      const to = Math.min(span.end, end);
      if (from >= to) continue;
      if (from > at) parts.push({ start: at, end: from, span: null });
      parts.push({ start: from, end: to, span });
      at = to;
    }
    if (at < end) parts.push({ start: at, end, span: null });
    return parts;
  }

  function evidenceMark(text, weight) {
    const strength = 1 + STRENGTHS.filter((least) => weight >= least).length;
    const mark = make("mark", "evidence strength-" + strength, text);
    mark.title = "依据，分量 " + percent(weight);
    return mark;
  }

  function personalMark(children, kind) {
    const box = make("span", "personal", ...children);
    box.dataset.kind = kind;
    box.title = "个人信息：" + kind;
    return box;
  }

  // Words

  function percent(share) {
    return share < 0.01 ? "<1%" : Math.floor(share * 100) + "%"; // nothing short of certain reads as 100 %
  }

  function deadline(hours) {
    if (hours === null) return "未规定";
    const days = Math.round((hours / HOURS_A_DAY) * 10) / 10;
    const exact = days * HOURS_A_DAY === hours ? "" : "约 ";
    return hours + " 工作小时" + (hours < HOURS_A_DAY ? "" : "（" + exact + days + " 个工作日）");
  }

  function why({ source, basis }) {
    return (SOURCES[source] || source) + (basis ? "　" + basis : "");
  }

  function names(departments) {
    return departments.map((department) => department.name).join("、");
  }

  function inOneSentence({ decision, categories, departments, urgency, alarms }) {
    const parts = [VERDICTS[decision.verdict]];
    if (urgency !== "一般") parts.push(urgency, ...alarms.map((alarm) => alarm.rule));
    if (categories.length) parts.push("类别 " + categories[0].category.name + " " + percent(categories[0].probability));
    parts.push("主办 " + (departments.length ? departments[0].department.name : "待人工指定"));
    return parts.join("，");
  }

  function summary(suggestion) {
    const { decision, categories, departments, assisting, alarms, region } = suggestion;
    const lines = ["处理：" + VERDICTS[decision.verdict] + "（" + decision.reason + "）"];
    categories.forEach(({ category, probability }, at) =>
      lines.push((at ? "备选类别：" : "类别：") + category.path + "（" + category.code + "，" + percent(probability) + "）"));
    if (!departments.length) lines.push("主办：待人工指定");
    departments.forEach((one, at) => lines.push((at ? "候选主办：" : "主办：") + one.department.name
      + "（" + percent(one.probability) + "，" + why(one).replace("　", "，") + "）"));
    if (assisting.length) lines.push("协办：" + names(assisting));
    lines.push("类型：" + suggestion.kind, "紧急程度：" + suggestion.urgency);
    alarms.forEach((alarm) => lines.push("警示：" + alarm.rule + "，" + alarm.reason));
    lines.push("办理时限：" + deadline(suggestion.deadline_hours));
    if (region) lines.push("地区：" + region.path);
    lines.push("模型：" + suggestion.model);
    return lines.join("\n");
  }

  // Acting

  async function copySummary() {
    if (shown === null) return say(page.done, "还没有建议可复制");
    if (!isCurrent()) return say(page.done, "建议尚未更新，未复制");
    return say(page.done, (await copied(summary(shown.suggestion))) ? "已复制" : "浏览器不允许复制");
  }

  /** Without HTTPS, as on many an intranet, there is no clipboard object; selecting still works. */
  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (unavailable) {
      return copiedBySelection(text);
    }
  }

  function copiedBySelection(text) {
    const before = document.activeElement;
    const holder = make("textarea", "unseen");
    holder.value = text;
    document.body.append(holder);
    holder.select();
    const done = document.execCommand("copy");
    holder.remove();
    before.focus();
    return done;
  }

  function clear() {
    if (!isBlank(typed())) cleared = typed();
    fill({ title: "", text: "" });
  }

  function restore() {
    const content = cleared;
    cleared = null;
    if (content) fill(content);
  }

  function fill({ title, text }) {
    page.title.value = title;
    page.text.value = text;
    say(page.done, "");
    page.text.focus();
    ask();
    reflect();
  }

  function onInput(event) {
    if (event.isComposing) return; // unfinished pinyin is no text yet
    cleared = null;
    say(page.done, "");
    dropQuestion();
    if (isBlank(typed())) showNothing();
    else askAfter(PAUSE_MS);
    reflect();
  }

  function onKey(event) {
    if (event.isComposing || event.keyCode === 229) return; // Esc and Enter belong to the input method
    const command = event.ctrlKey || event.metaKey;
    let act = null;
    if (event.key === "Escape") act = clear;
    else if (command && event.key === "Enter") act = copySummary;
    else if (command && event.key === "z" && cleared && isBlank(typed())) act = restore;
    if (act === null) return;
    event.preventDefault();
    act();
  }

  for (const field of [page.title, page.text]) {
    field.addEventListener("input", onInput);
    field.addEventListener("compositionend", onInput);
  }
  document.addEventListener("keydown", onKey);
  page.copy.addEventListener("click", copySummary);
  page.clear.addEventListener("click", clear);
  page.restore.addEventListener("click", restore);
  ask(); // the browser may have kept what was typed
  reflect();
})();
