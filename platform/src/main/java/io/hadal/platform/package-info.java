/** What surrounds the models: tenants, keys, budgets, the ledger, the audit log. */
@NullMarked
package io.hadal.platform;

import org.jspecify.annotations.NullMarked;
