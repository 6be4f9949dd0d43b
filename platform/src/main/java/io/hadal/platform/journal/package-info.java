/** The write-ahead journal of usage, and its way into the database. */
@NullMarked
package io.hadal.platform.journal;

import org.jspecify.annotations.NullMarked;
