// Has people use a second factor in a running project, in development, with Chromium: node second-factor.mjs URL PROGRAM
//
// Each of them turns it on, signs in with a code of the app and with a recovery code, and turns it off again. PROGRAM is the project's
// own, which makes the accounts; the working directory is that of the project.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';

import { inAllWays } from './people.mjs';

const PASSWORD = 'a horse with two lamps';
const STEP = 30_000;

const [base, program] = process.argv.slice(2);

async function live({ way, page, see, fill, look }) {
  const email = `careful-${way.replace(' ', '-')}@example.com`;
  const invitation = execFileSync(program, ['user', 'create', email], { encoding: 'utf8' }).match(/http\S*/u)[0];
  await page.goto(invitation.replace(/^https?:\/\/[^/]+/u, base));
  await fill({ password: PASSWORD }, 'Save');
  const at = async (path) => assert.equal(new URL(page.url()).pathname, path, await page.locator('body').innerText());
  const signIn = async () => {
    await page.goto('/login');
    await fill({ email, password: PASSWORD }, 'Sign in');
  };
  const signOut = async () => {
    const arrival = page.waitForEvent('domcontentloaded');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await arrival;
  };

  // Turn it on.
  await signIn();
  await page.goto('/account');
  await page.getByRole('link', { name: 'Second factor' }).click();
  await see('Whoever finds out your password');
  await fill({}, 'Set it up');
  await see('Let the app read this picture');
  const key = await page.locator('main p code').innerText();
  await fill({ code: code(key, -10) }, 'Turn it on');
  await see('This is not the code that the app shows now.');
  const used = await tick();
  await fill({ code: code(key) }, 'Turn it on');
  await see('Your recovery codes');
  const recovery = await page.locator('main ol code').allInnerTexts();
  assert.equal(recovery.length, 10);
  await page.locator('main [name=saved]').check();
  await fill({}, 'Go on');
  await see('From now on, signing in takes a code.');

  // The password alone opens nothing.
  await signOut();
  await signIn();
  await at('/login/code');
  await see('One more step');
  await page.goto('/account');
  await at('/login');
  await page.goto('/login/code');
  await fill({ code: code(key, -10) }, 'Sign in');
  await see('This code is wrong, or was used before.');
  await tick(used);
  await fill({ code: code(key) }, 'Sign in');
  await at('/');
  await look();

  // Without the phone.
  await signOut();
  await signIn();
  await fill({ code: recovery[0] }, 'Sign in');
  await see('You have 9 recovery codes left.');
  await page.goto('/account/two-factor');
  await see('You have 9 left.');
  await page.goto('/account/two-factor/codes');
  await fill({}, 'Make new recovery codes');
  await see('Your recovery codes');
  await page.goto('/account');
  await see('not said yet that your recovery codes are saved');

  // Turn it off.
  await page.goto('/account/two-factor/off');
  await see('Turn it off?');
  await fill({}, 'Turn it off');
  await see('The second factor is off.');
  await signOut();
  await signIn();
  await at('/');
}

// Waits for another code than that of a time before, with some seconds left; returns the time.
async function tick(before) {
  const step = () => Math.floor(Date.now() / STEP);
  while (step() === before || STEP - (Date.now() % STEP) < 5000) {
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  return step();
}

// What an app shows that has this key (RFC 6238).
function code(key, steps = 0) {
  const bits = [...key.replaceAll(/\s/gu, '')].map((char) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(char).toString(2).padStart(5, '0'));
  const secret = Buffer.from(bits.join('').match(/.{8}/gu).map((byte) => Number.parseInt(byte, 2)));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP) + steps));
  const hash = createHmac('sha1', secret).update(time).digest();
  const number = hash.readUInt32BE(hash.at(-1) & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

// They wait for codes.
await inAllWays(base, live, { together: true });
