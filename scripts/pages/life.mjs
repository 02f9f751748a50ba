// Lives the life of users in a running project, in development, with Chromium: node life.mjs URL PROGRAM
//
// Each of them makes an account, writes a note, signs out, chooses another password, deletes the account, keeps it after all, and
// deletes it again: on a wide window, in the dark, on a phone, and without JavaScript. PROGRAM is the project's own, which deletes the
// account for good; the working directory is that of the project. CHROME_PATH names the browser.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
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

const [base, program] = process.argv.slice(2);

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROME_PATH, args: ['--no-sandbox'] });
  try {
    for (const [way, options] of Object.entries(WAYS)) {
      await live(browser, way, options);
      console.log(`  ✓ ${way}`);
    }
  } finally {
    await browser.close();
  }
}

async function live(browser, way, options) {
  const complaints = [];
  const open = async () => {
    const context = await browser.newContext({ ...options, baseURL: base });
    const page = await context.newPage();
    page.on('console', (message) => {
      const { url } = message.location();
      // A form that comes back with 422 and a page that asks to sign in are no faults of the page.
      if (message.type() === 'error' && !/status of 4\d\d/u.test(message.text())) complaints.push(`${url}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    return page;
  };
  const email = `${way.replace(' ', '-')}@example.com`;
  const [first, second] = ['a horse with two lamps', 'eleven lamps and no horse'];
  const page = await open();

  const see = async (text) => {
    const main = await page.locator('main').innerText();
    assert.ok(main.includes(text), `${page.url()} does not say “${text}”, but:\n${main}`);
    await look(page, options, complaints);
  };
  const fill = async (fields, button) => {
    for (const [name, value] of Object.entries(fields)) await page.locator(`main [name=${name}]`).fill(value);
    await page.getByRole('main').getByRole('button', { name: button, exact: true }).click();
  };
  const signIn = async (password) => {
    await page.goto('/login');
    await look(page, options, complaints);
    await fill({ email, password }, 'Sign in');
  };

  // Sign up; a wrong address and a weak password are told.
  await page.goto('/notes');
  assert.equal(new URL(page.url()).pathname, '/login', 'who has not signed in is sent to do so');
  await page.getByRole('link', { name: 'Make one' }).click();
  await fill({ email: 'nobody' }, 'Send the link');
  await see('This is no address that mail can be sent to.');
  await fill({ email }, 'Send the link');
  await see('a mail with a link is on its way');
  await page.goto(await link(email, '/sign-up/confirm'));
  await fill({ name: 'Ann', password: 'password1234' }, 'Save');
  await look(page, options, complaints);
  await fill({ name: 'Ann', password: first }, 'Save');
  await see('Welcome, Ann.');
  assert.equal(new URL(page.url()).pathname, '/notes', 'after the sign-up comes the page that was asked for');

  // What is theirs.
  await page.goto('/notes/new');
  await page.locator('main [name=title]').fill('Milk');
  await page.locator('main form.panel .button').first().click();
  await see('Milk');
  for (const path of ['', '/security', '/email', '/tokens', '/delete']) {
    await page.goto(`/account${path}`);
    await look(page, options, complaints);
  }
  await page.goto('/account/tokens');
  await fill({ name: 'a script' }, 'Make the token');
  await see('Copy it now');

  // Sign out. Another browser stays signed in, until another password is chosen by a link.
  const other = await open();
  await other.goto('/login');
  await other.locator('main [name=email]').fill(email);
  await other.locator('main [name=password]').fill(first);
  await other.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  assert.equal((await other.goto('/account')).status(), 200);
  assert.equal(new URL(other.url()).pathname, '/account');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.goto('/account');
  assert.equal(new URL(page.url()).pathname, '/login', 'who has signed out is signed out');
  await page.getByRole('link', { name: 'Forgotten password?' }).click();
  await fill({ email }, 'Send the link');
  await see('a mail with a link is on its way');
  await page.goto(await link(email, '/password/reset'));
  await fill({ password: second }, 'Save');
  await see('Your password is changed.');
  await other.goto('/account');
  assert.equal(new URL(other.url()).pathname, '/login', 'the other browser is signed out');
  await signIn(first);
  await see('do not belong together');
  await signIn(second);

  // Delete the account, keep it, and delete it again.
  const remove = async () => {
    await page.goto('/account/delete');
    if (new URL(page.url()).pathname === '/confirm-access') await fill({ password: second }, 'Confirm');
    await fill({ email }, 'Delete the account');
    await see('Your account is deleted.');
  };
  await remove();
  await signIn(second);
  await see('do not belong together');
  await page.goto(await link(email, '/account/keep'));
  await page.getByRole('main').getByRole('button').click();
  await signIn(second);
  await page.goto('/notes');
  await see('Milk');
  await remove();
  execFileSync(program, ['user', 'delete', email, '--yes'], { stdio: ['ignore', 'ignore', 'inherit'] });
  assert.throws(() => execFileSync(program, ['user', 'show', email], { stdio: 'ignore' }), 'the account is gone');

  assert.deepEqual(complaints, [], way);
  await page.context().close();
  await other.context().close();
}

// The link to this page in the last mail to somebody; mails are written by a job.
async function link(email, path) {
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

// Nothing for axe to find, and nothing that is wider than the window.
async function look(page, options, complaints) {
  if (options.javaScriptEnabled === false) return;
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, nodes } of violations) complaints.push(`${page.url()}: ${id}: ${nodes[0].html}`);
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (excess > 0) complaints.push(`${page.url()}: ${excess} px too wide`);
}

await main();
