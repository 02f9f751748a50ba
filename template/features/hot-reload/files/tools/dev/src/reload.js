// Reloads this page when another build has taken over from the one that wrote it, and shows why a build has failed.
let { search } = new URL(document.currentScript.src);
let news;

function listen() {
  news?.close();
  // A browser opens six connections to a server: hidden pages leave them to others.
  if (document.hidden) return;
  news = new EventSource(`/dev/reload${search}`);
  news.onmessage = () => location.reload();
  news.addEventListener("failure", ({ data, lastEventId }) => {
    show(data);
    search = `?${lastEventId}`;
    listen();
  });
}

function show(failure) {
  const box = document.getElementById("dev-failure") ?? document.createElement("pre");
  box.id = "dev-failure";
  box.textContent = failure;
  box.title = "Click to see the page of the build before";
  box.onclick = () => box.remove();
  box.style.cssText = "position: fixed; inset: 0; z-index: 2147483647; margin: 0; padding: 2rem; overflow: auto; "
    + "background: #1b1b1f; color: #f4f4f4; font: 14px/1.5 monospace; white-space: pre-wrap";
  document.documentElement.append(box);
}

document.addEventListener("visibilitychange", listen);
listen();
