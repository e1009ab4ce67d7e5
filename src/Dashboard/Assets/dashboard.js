// Keeps the open page current: parts marked data-live are replaced by what the server renders now, and curves take the points
// that are new since the last poll. Nothing here makes markup out of data.
import { drawCurves } from "./curves.js";

const interval = 2000;
const linkState = document.getElementById("link-state");
const parser = new DOMParser();

async function refreshParts() {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!response.ok) throw new Error(`${response.status}`);
  const fresh = parser.parseFromString(await response.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    // A link that has the keyboard's focus stays until it loses it.
    if (next && next.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.replaceChildren(...next.childNodes);
  }
}

async function poll() {
  if (!document.hidden) {
    try {
      await Promise.all([refreshParts(), drawCurves(document.getElementById("curves"))]);
      linkState.textContent = "";
      linkState.classList.remove("lost");
    } catch {
      linkState.textContent = "The dashboard does not answer; trying again …";
      linkState.classList.add("lost");
    }
  }
  setTimeout(poll, interval);
}

drawCurves(document.getElementById("curves")).catch(() => {}).finally(() => setTimeout(poll, interval));
