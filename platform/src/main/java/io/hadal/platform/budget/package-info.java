/** Budgets and prepaid balances, with holds (platform specification, 2.4). */
@NullMarked
package io.hadal.platform.budget;

import org.jspecify.annotations.NullMarked;
