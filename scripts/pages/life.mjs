// Lives the life of users in a running project, in development, with Chromium: node life.mjs URL PROGRAM
//
// Each of them makes an account, writes a note, signs out, chooses another password, deletes the account, keeps it after all, and
// deletes it again: on a wide window, in the dark, on a phone, and without JavaScript. PROGRAM is the project's own, which deletes the
// account for good; the working directory is that of the project. CHROME_PATH names the browser.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { inAllWays, link } from './people.mjs';

const [base, program] = process.argv.slice(2);

async function live({ way, page, open, see, fill, look }) {
  const email = `${way.replace(' ', '-')}@example.com`;
  const [first, second] = ['a horse with two lamps', 'eleven lamps and no horse'];
  const signIn = async (password) => {
    await page.goto('/login');
    await look();
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
  await page.goto(await link(base, email, '/sign-up/confirm'));
  await fill({ name: 'Ann', password: 'password1234' }, 'Save');
  await look();
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
    await look();
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
  await page.goto(await link(base, email, '/password/reset'));
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
  await page.goto(await link(base, email, '/account/keep'));
  await page.getByRole('main').getByRole('button').click();
  await signIn(second);
  await page.goto('/notes');
  await see('Milk');
  await remove();
  execFileSync(program, ['user', 'delete', email, '--yes'], { stdio: ['ignore', 'ignore', 'inherit'] });
  assert.throws(() => execFileSync(program, ['user', 'show', email], { stdio: 'ignore' }), 'the account is gone');
}

await inAllWays(base, live);
