// Accessibility of what is on the screen, by axe-core: WCAG 2.2 A and AA.

import { AxeBuilder } from '@axe-core/playwright';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Throws when axe finds a violation in the page as it is, in each of the themes; each is told with its element. */
export async function assertAccessible(page, themes = ['light', 'dark']) {
  const complaints = [];
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme });
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    for (const { id, help, nodes } of violations) {
      for (const node of nodes) complaints.push(`${theme}: ${id} (${help})\n    ${node.html}\n    ${node.failureSummary}`);
    }
  }
  if (complaints.length > 0) throw new Error(`${page.url()} is not accessible:\n  ${complaints.join('\n  ')}`);
}
