/**
 * Amounts that several nodes share without asking each other for every request: a node leases
 * slices of a pool (platform specification, 2.3 and 2.4).
 */
@NullMarked
package io.hadal.platform.lease;

import org.jspecify.annotations.NullMarked;
