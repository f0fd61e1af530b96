// A window of a fresh profile, for either side.

/** Milliseconds that a browser is given to be there. */
const BROWSER = 1500;
/** Milliseconds between two questions to a page: to ask in every frame would keep it busy. */
export const ASKED = 50;

/** A window that has nothing in its cache and has not been anywhere, and what
 *  it will fetch. Chromium's own parts of a new window are scripts too, some
 *  hundred of them: a visitor's window has loaded them long before. */
export async function freshWindow(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.waitForTimeout(BROWSER);
  const fetched = [];
  page.on("requestfinished", (request) => fetched.push({ path: new URL(request.url()).pathname, end: request.timing() }));
  return { context, page, fetched };
}
