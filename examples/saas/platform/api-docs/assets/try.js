// Sends the forms of the page with `fetch`, and shows what comes back.
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const pretty = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const method = form.dataset.method.toUpperCase();
    const query = new URLSearchParams();
    const headers = {};
    let { path } = form.dataset;
    let body;
    for (const { name, value, dataset } of form.elements) {
      if (!value) continue;
      if (dataset.in === "path") {
        path = path.replace(`{${name}}`, encodeURIComponent(value));
      } else if (dataset.in === "query") {
        query.set(name, value);
      } else if (dataset.in === "header") {
        headers[name] = value;
      } else if (dataset.in === "body") {
        headers["content-type"] = dataset.type;
        body = value;
      }
    }
    const url = new URL(query.size ? `${path}?${query}` : path, location);
    const lines = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)} `);
    const curl = `curl -i -X ${method} ${lines.join("")}${body ? `-d ${quote(body)} ` : ""}${quote(url.href)}`;
    const answer = form.querySelector("[role=status]");
    answer.hidden = false;
    answer.textContent = `${curl}\n\n…`;
    try {
      const response = await fetch(url, { method, headers, body });
      const fields = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      const content = pretty(await response.text());
      answer.textContent = `${curl}\n\n${response.status} ${response.statusText}\n${fields}\n\n${content}`;
    } catch (error) {
      answer.textContent = `${curl}\n\n${error.message}`;
    }
  });
}
