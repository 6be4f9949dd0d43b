@NullMarked
package io.hadal.platform.ledger;

import org.jspecify.annotations.NullMarked;
