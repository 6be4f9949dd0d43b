/** Side files: packed forms of a checkpoint's matrices on disk. */
@NullMarked
package io.hadal.model.packed;

import org.jspecify.annotations.NullMarked;
