// Waiting for what a page or a service will be, by asking again. Where one locator says it, `locator.waitFor()` is enough.

/**
 * Asks `check` until it neither throws nor answers false, and gives its answer.
 * After `within` milliseconds the last failure is thrown, with `what` before it.
 */
export async function until(what, check, { within = 30_000, every = 100 } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    let failure;
    try {
      const answer = await check();
      if (answer !== false) return answer;
      failure = new Error('not so yet');
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${within / 1000} s: ${failure.message}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
