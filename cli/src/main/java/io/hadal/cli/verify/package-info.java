/** Checks a model against reference numerics. */
@NullMarked
package io.hadal.cli.verify;

import org.jspecify.annotations.NullMarked;
