// Looks at the pages of a running project, in development, with Chromium: node check.mjs URL INVITATION
//
// The project must have the features `auth`, `components`, `email` and `example`, and no notes yet. INVITATION is the link with which an
// administrator chooses a password. CHROME_PATH names the browser.

import axe from 'axe-core';
import lighthouse, { desktopConfig } from 'lighthouse';
import puppeteer from 'puppeteer-core';

const WIDTHS = [360, 768, 1280, 1920];
const SCHEMES = ['light', 'dark'];
const STRANGERS = ['/', '/login', '/sign-up', '/password/forgot', '/dev/ui', '/api/docs'];
const PAGES = ['/', '/notes', '/notes?title=nothing+like+it', '/notes/new', '/dev/mail', '/admin/mail'].concat(
  ['', '/security', '/email', '/tokens', '/delete'].map((path) => `/account${path}`),
);
const ERRORS = [400, 403, 404, 405, 413, 422, 429, 500, 503].map((status) => `/dev/ui/errors/${status}`);
const AUDITED_OF_STRANGERS = ['/', '/login', '/dev/ui', '/api/docs'];
const AUDITED = ['/notes', '/account'];
const FIRST_PAGE_LIMIT = 30_000;
const SCRIPT_LIMIT = 2_000;
// A busy machine makes the score for performance worse than the page is.
const ATTEMPTS = 5;

const [base, invitation] = process.argv.slice(2);
const findings = [];

function expect(condition, finding) {
  if (!condition) {
    findings.push(finding);
    console.error(`  ✗ ${finding}`);
  }
}

async function main() {
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROME_PATH,
    args: ['--headless=new', '--no-sandbox'],
  });
  try {
    console.log('the first visit');
    await weigh(browser);
    await inspectAll(browser, [...STRANGERS, ...ERRORS], STRANGERS, AUDITED_OF_STRANGERS);
    console.log('with an account, and without JavaScript');
    await signIn(browser);
    const note = await withoutScripts(browser);
    PAGES.push(note, `${note}/delete`);
    await inspectAll(browser, PAGES, PAGES, AUDITED);
  } finally {
    await browser.close();
  }
  console.log(findings.length === 0 ? 'the pages passed' : `${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

async function inspectAll(browser, paths, walked, audited) {
  console.log('titles');
  await compareTitles(browser, walked);
  console.log('axe, and the width of pages');
  for (const path of paths) await inspect(browser, path);
  console.log('the keyboard');
  for (const path of walked) await walk(browser, path);
  console.log('Lighthouse');
  for (const path of audited) await audit(browser, path);
}

async function signIn(browser) {
  const [page, password] = [await browser.newPage(), 'a horse with two lamps'];
  const submit = () => Promise.all([page.waitForNavigation(), page.click('form.panel .button')]);
  await page.goto(invitation);
  await page.type('#password', password);
  await submit();
  await page.goto(`${base}/login`);
  await page.type('#email', 'admin@example.com');
  await page.type('#password', password);
  await submit();
  await page.goto(`${base}/account`);
  expect(new URL(page.url()).pathname === '/account', 'nobody can sign in');
  await page.close();
}

// What the first visit transfers, headers included.
async function weigh(browser) {
  const page = await browser.newPage();
  const session = await page.createCDPSession();
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const types = new Map();
  let total = 0;
  let scripts = 0;
  session.on('Network.responseReceived', ({ requestId, type, response }) => {
    types.set(requestId, type);
    expect(response.url.startsWith(base), `${response.url} comes from elsewhere`);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    total += encodedDataLength;
    if (types.get(requestId) === 'Script') scripts += encodedDataLength;
  });
  await page.goto(base, { waitUntil: 'networkidle0' });
  console.log(`  ${total} bytes, of these ${scripts} of scripts`);
  expect(total < FIRST_PAGE_LIMIT, `the first visit transfers ${total} bytes`);
  expect(scripts < SCRIPT_LIMIT, `the first visit transfers ${scripts} bytes of scripts`);
  await page.close();
}

// Writes, edits and deletes notes as a visitor does whose browser runs no script.
async function withoutScripts(browser) {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  const text = () => page.$eval('main', (main) => main.innerText);
  const submit = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

  await page.goto(`${base}/notes`);
  expect((await text()).includes('No notes yet'), 'there is no empty state');
  await submit('a[href="/notes/new"]');
  await submit('form.panel .button');
  expect(await page.$eval('[role=alert]', (summary) => summary === document.activeElement), 'the summary has no focus');
  await check(page, '/notes/new, refused');
  for (const title of ['Milk', 'Bread <b>', 'x'.repeat(120)]) {
    await page.goto(`${base}/notes/new`);
    await page.type('#title', title);
    await submit('form.panel .button');
    expect((await text()).includes(`“${title}” was saved.`), `no message that ${title} was saved`);
  }
  await check(page, '/notes, with a message');
  await page.reload();
  expect(!(await text()).includes('was saved'), 'a message is shown twice');

  await page.type('#title', 'milk');
  await submit('.filters button');
  expect((await text()).includes('1 note'), 'a filtered list is not counted');
  const note = await page.$eval('td a', (link) => link.pathname);
  await submit('td a');
  expect((await page.title()).includes('Milk'), 'the title of the form does not name the note');
  await page.focus('#title');
  await page.keyboard.press('End');
  await page.keyboard.type(' and honey');
  await submit('form.panel .button');
  expect((await text()).includes('Milk and honey'), 'the note was not edited');
  expect(new URL(page.url()).searchParams.get('title') === 'milk', 'the filter is lost by saving');
  await submit('.filters a');
  expect((await text()).includes('3 notes'), 'the filter cannot be cleared');

  await submit('tr:nth-child(2) td.actions a');
  expect((await page.title()).includes('Delete “Bread <b>”?'), 'there is no question');
  await submit('.actions a');
  expect((await text()).includes('3 notes'), 'cancelling does not lead back');
  await submit('tr:nth-child(2) td.actions a');
  await submit('.danger');
  expect((await text()).includes('The note was deleted.'), 'the note was not deleted');

  await submit('a[href*="sort=title"]');
  expect((await page.$('th[aria-sort=ascending]')) !== null, 'the table is not sorted');
  await submit('button[value=dark]');
  const scheme = (page) => page.$eval('meta[name=color-scheme]', (meta) => meta.content);
  expect((await scheme(page)) === 'dark' && page.url().includes('sort=title'), 'the theme is not dark');
  await submit('button[value=system]');
  await page.close();
  return note;
}

async function compareTitles(browser, paths) {
  const page = await browser.newPage();
  const titles = new Map();
  for (const path of paths.filter((path) => !path.includes('?'))) {
    await page.goto(base + path);
    const title = await page.title();
    expect(!titles.has(title), `${path} and ${titles.get(title)} have the title ${title}`);
    titles.set(title, path);
  }
  await page.close();
}

async function inspect(browser, path) {
  const page = await browser.newPage();
  for (const scheme of SCHEMES) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    for (const width of WIDTHS) {
      await page.setViewport({ width, height: 800 });
      await page.goto(base + path);
      await check(page, `${path}, ${scheme}, ${width} px`);
    }
  }
  await page.close();
}

// Nothing for axe to find, and nothing that is wider than the window.
async function check(page, name) {
  const scripts = page.isJavaScriptEnabled();
  await page.setJavaScriptEnabled(true);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  await page.setJavaScriptEnabled(scripts);
  for (const { id, nodes } of violations) expect(false, `${name}: ${id}: ${nodes[0].html}`);
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess <= 0, `${name}: ${excess} px too wide`);
  const broken = await page.evaluate(brokenWords);
  expect(broken.length === 0, `${name}: a table breaks ${broken.join(', ')}`);
}

// Words of a table that stand on two lines, except for those that are longer than any column is wide.
function brokenWords() {
  const broken = [];
  for (const cell of document.querySelectorAll('th, td')) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const { 0: word, index } of texts.currentNode.data.matchAll(/(?<![^\s-])[^\s-]{1,14}(?![^\s-])/gu)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, index);
        range.setEnd(texts.currentNode, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1) broken.push(word);
      }
    }
  }
  return broken;
}

// The first stop is the link that skips the menu, and every stop can be seen.
async function walk(browser, path) {
  const page = await browser.newPage();
  await page.goto(base + path);
  const stop = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      const outlines = [null, '::after'].map((pseudo) => getComputedStyle(element, pseudo).outlineStyle);
      const name = element === document.body ? '' : element.outerHTML.split('>')[0];
      return { name, visible: outlines.some((style) => style !== 'none') };
    });
  await page.keyboard.press('Tab');
  expect((await stop()).name.includes('class="skip"'), `${path}: the first stop is no link to the content`);
  for (let current = await stop(); current.name !== ''; current = await stop()) {
    expect(current.visible, `${path}: no focus to be seen at ${current.name}`);
    await page.keyboard.press('Tab');
  }
  await page.close();
}

async function audit(browser, path) {
  const port = Number(new URL(browser.wsEndpoint()).port);
  for (const [name, config] of [['mobile', undefined], ['desktop', desktopConfig]]) {
    const best = {};
    let failed = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const { lhr } = await lighthouse(base + path, { port, logLevel: 'error' }, config);
      failed = [];
      for (const [category, { score, auditRefs }] of Object.entries(lhr.categories)) {
        best[category] = Math.max(best[category] ?? 0, Math.round(score * 100));
        if (best[category] < 100) {
          const low = auditRefs.filter(({ id, weight }) => weight > 0 && lhr.audits[id].score < 1);
          failed.push(`${category} ${best[category]}: ${low.map(({ id }) => id).join(', ')}`);
        }
      }
      if (failed.length === 0) break;
    }
    console.log(`  ${path} (${name}): ${Object.values(best).join(' ')}`);
    for (const reason of failed) expect(false, `Lighthouse, ${path}, ${name}: ${reason}`);
  }
}

await main();
