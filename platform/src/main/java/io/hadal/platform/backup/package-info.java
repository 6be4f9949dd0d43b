/** Copies of a data folder, made while it is in use (platform specification, 2.16). */
@NullMarked
package io.hadal.platform.backup;

import org.jspecify.annotations.NullMarked;
