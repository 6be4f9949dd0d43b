/** Guesses at tokens to come, and how many of them are worth a look. */
@NullMarked
package io.hadal.engine.draft;

import org.jspecify.annotations.NullMarked;
