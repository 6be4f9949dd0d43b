/** What was used and what it cost: usage events, and a double-entry ledger of integers. */
@NullMarked
package io.hadal.platform.ledger;

import org.jspecify.annotations.NullMarked;
