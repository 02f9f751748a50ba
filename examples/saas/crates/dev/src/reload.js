// Reloads this page when another build has taken over from the one that wrote it.
const { search } = new URL(document.currentScript.src);
let news;

function listen() {
  news?.close();
  // A browser opens six connections to a server: hidden pages leave them to others.
  if (document.hidden) return;
  news = new EventSource(`/dev/reload${search}`);
  news.onmessage = () => location.reload();
}

document.addEventListener("visibilitychange", listen);
listen();
