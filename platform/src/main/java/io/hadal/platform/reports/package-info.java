/** What was used, by whom, and what it cost: reports, exports, reconciliation. */
@NullMarked
package io.hadal.platform.reports;

import org.jspecify.annotations.NullMarked;
