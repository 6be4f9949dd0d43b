/** Gathering and cleaning of training text. */
@NullMarked
package io.hadal.train.corpus;

import org.jspecify.annotations.NullMarked;
