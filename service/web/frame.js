// On every page: leaving it for another asks first whether the server is there, so that nothing typed is lost.
import { isThere } from "./calls.js";

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  const isOwn = link && link.origin === location.origin && !link.hasAttribute("download") && !link.target;
  const isInPage = link && link.hash && link.pathname === location.pathname;
  if (!isOwn || isInPage || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (await isThere()) location.assign(link.href);
});

document.addEventListener("submit", async (event) => {
  if (event.defaultPrevented || event.target.getAttribute("method") === null) return; // the page's own script sends it
  event.preventDefault();
  if (await isThere()) event.target.submit();
});
