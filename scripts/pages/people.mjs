// People with browsers: on a wide window, in the dark, on a phone, and without JavaScript. CHROME_PATH names the browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium } from 'playwright-core';

const WAYS = {
  wide: { viewport: { width: 1280, height: 800 } },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
  'no scripts': { viewport: { width: 1280, height: 800 }, javaScriptEnabled: false },
};
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

// Somebody does the same in all ways, one after the other or at the same time. Nothing that they see may give reason to complain.
export async function inAllWays(base, live, { together = false } = {}) {
  const browser = await chromium.launch({ executablePath: process.env.CHROME_PATH, args: ['--no-sandbox'] });
  try {
    const all = [];
    for (const [way, options] of Object.entries(WAYS)) {
      const done = appear(browser, base, way, options).then(async (person) => {
        await live(person);
        await person.leave();
        console.log(`  ✓ ${way}`);
      });
      all.push(together ? done : await done);
    }
    await Promise.all(all);
  } finally {
    await browser.close();
  }
}

async function appear(browser, base, way, options) {
  const [complaints, contexts] = [[], []];
  // Another browser of the same person.
  const open = async () => {
    const context = await browser.newContext({ ...options, baseURL: base });
    contexts.push(context);
    const page = await context.newPage();
    page.on('console', (message) => {
      const { url } = message.location();
      // A form that comes back with 422 and a page that asks to sign in are no faults of the page.
      if (message.type() === 'error' && !/status of 4\d\d/u.test(message.text())) complaints.push(`${url}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    return page;
  };
  const page = await open();
  // Nothing for axe to find, and nothing that is wider than the window.
  const look = async () => {
    if (options.javaScriptEnabled === false) return;
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    for (const { id, nodes } of violations) complaints.push(`${page.url()}: ${id}: ${nodes[0].html}`);
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (excess > 0) complaints.push(`${page.url()}: ${excess} px too wide`);
  };
  const see = async (text) => {
    const main = await page.locator('main').innerText();
    assert.ok(main.includes(text), `${page.url()} does not say “${text}”, but:\n${main}`);
    await look();
  };
  const fill = async (fields, button) => {
    for (const [name, value] of Object.entries(fields)) await page.locator(`main [name=${name}]`).fill(value);
    const arrival = page.waitForEvent('domcontentloaded');
    await page.getByRole('main').getByRole('button', { name: button, exact: true }).click();
    await arrival;
  };
  const leave = async () => {
    assert.deepEqual(complaints, [], way);
    await Promise.all(contexts.map((context) => context.close()));
  };
  return { way, page, open, look, see, fill, leave };
}

// The link to this page in the last mail to somebody; mails are written by a job.
export async function link(base, email, path) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const letters = await (await fetch(`${base}/dev/mail.json?to=${encodeURIComponent(email)}`)).json();
    const found = letters.flatMap(({ links }) => links).find((url) => new URL(url).pathname === path);
    if (found) return found.replace(/^https?:\/\/[^/]+/u, base);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  throw new Error(`no mail to ${email} leads to ${path}`);
}
