// Accessibility of what is on the screen, by axe-core: WCAG 2.2 A and AA.

import { AxeBuilder } from '@axe-core/playwright';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const THEMES = ['light', 'dark'];

/**
 * Throws when axe finds a violation in the page as it is, in each of the themes; each is told with its element.
 * `except` names rules that this page breaks for a reason, which stands where it is called.
 */
export async function assertAccessible(page, { except = [] } = {}) {
  const complaints = [];
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    // Without frames the older way finds the same, and the newer opens a page more for each look. What passes is not described.
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
    const { violations } = await axe.withTags(RULES).disableRules(except).analyze();
    for (const { id, help, nodes } of violations) {
      for (const node of nodes) complaints.push(`${theme}: ${id} (${help})\n    ${node.html}\n    ${node.failureSummary}`);
    }
  }
  if (complaints.length > 0) throw new Error(`${page.url()} is not accessible:\n  ${complaints.join('\n  ')}`);
}
