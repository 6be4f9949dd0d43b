/** Tests of what all files share. */
@NullMarked
package io.hadal.formats;

import org.jspecify.annotations.NullMarked;
